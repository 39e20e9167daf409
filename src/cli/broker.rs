//! `topica broker`: the embedded broker on a port.

use tokio::net::lookup_host;

use crate::broker::{Broker, BrokerConfig, banner};
use crate::cli::args::BrokerArgs;
use crate::cli::demo;
use crate::cli::exit::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::output::Output;

pub(crate) async fn run(args: &BrokerArgs, interrupt: &Interrupt, output: Output) -> Result<Exit, Failure> {
    let listen = lookup_host(&args.listen)
        .await
        .ok()
        .and_then(|mut addresses| addresses.next())
        .ok_or_else(|| Failure::usage(format!("--listen {}: not an address of this machine", args.listen)))?;
    let mut config = BrokerConfig::new().with_listen(listen);
    for topic in &args.topic {
        let (name, partitions) = named_topic(topic)?;
        config = config.with_topic(name, partitions);
    }
    let broker = Broker::start(config).await.map_err(|error| {
        Failure::usage(format!("cannot listen on {}: {error}", args.listen))
            .hint("--listen HOST:PORT takes another port")
    })?;
    if args.demo {
        demo::fill(&broker)?;
    }
    output.say(banner());
    // Scripts read where it listens, also when the port was chosen by the system (port 0).
    output.data(format_args!("{}\n", broker.address()))?;
    interrupt.wait().await;
    Ok(Exit::Interrupted)
}

/// `NAME` or `NAME:PARTITIONS`.
fn named_topic(text: &str) -> Result<(&str, i32), Failure> {
    match text.split_once(':') {
        None => Ok((text, 1)),
        Some((name, partitions)) => match partitions.parse() {
            Ok(partitions) if partitions > 0 => Ok((name, partitions)),
            _ => Err(Failure::usage(format!("--topic {text}: '{partitions}' is no number of partitions"))),
        },
    }
}
