//! Ctrl-C: the first one asks for an end, a second one makes it.

use tokio::sync::watch;

use crate::cli::exit::Exit;

/// Whether an end was asked for. Clones see the same.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    asked: watch::Receiver<bool>,
}

impl Interrupt {
    /// Listens for Ctrl-C (SIGINT) and, where it exists, SIGTERM.
    pub(crate) fn listen() -> Self {
        let (ask, asked) = watch::channel(false);
        tokio::spawn(async move {
            if signal().await.is_err() {
                return;
            }
            ask.send_replace(true);
            if signal().await.is_ok() {
                std::process::exit(Exit::Interrupted as i32);
            }
        });
        Self { asked }
    }

    pub(crate) fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }

    /// Waits until an end is asked for.
    pub(crate) async fn wait(&mut self) {
        // Without a sender nobody can ask any more.
        if self.asked.wait_for(|asked| *asked).await.is_err() {
            std::future::pending().await
        }
    }
}

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
