//! Ports that are not Kafka: what people mistake for a broker.
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

/// A listener that says one thing to everybody, until the process ends.
#[derive(Debug, Clone, Copy)]
pub struct Impostor {
    address: SocketAddr,
}

impl Impostor {
    /// Answers the first bytes of each connection with `greeting`, then closes it.
    pub fn answering(greeting: &'static [u8]) -> Impostor {
        Impostor::listen(move |mut stream| {
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(greeting);
        })
    }

    /// Speaks first, as an SSH server does.
    pub fn greeting(greeting: &'static [u8]) -> Impostor {
        Impostor::listen(move |mut stream| {
            let _ = stream.write_all(greeting);
            let _ = stream.read(&mut [0; 512]);
        })
    }

    /// Accepts, and never says a word.
    pub fn silent() -> Impostor {
        Impostor::listen(|mut stream| while stream.read(&mut [0; 512]).is_ok_and(|n| n > 0) {})
    }

    fn listen(serve: impl Fn(std::net::TcpStream) + Send + Sync + Clone + 'static) -> Impostor {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound above");
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serve = serve.clone();
                std::thread::spawn(move || serve(stream));
            }
        });
        Impostor { address }
    }

    /// A port where nobody listens: held a moment ago, let go.
    pub fn nobody() -> Impostor {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Impostor { address: listener.local_addr().expect("bound above") }
    }

    /// `host:port`.
    pub fn servers(&self) -> String {
        self.address.to_string()
    }
}
