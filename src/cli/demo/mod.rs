//! `topica demo`: the whole of it on an embedded broker, without Kafka.

mod topics;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::broker::{Broker, BrokerConfig};
use crate::cli::args::{Connect, Demo, Discover, FormatArgs, OutputForm};
use crate::cli::discover::{self, Manner};
use crate::cli::exit::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::output::Output;
use crate::cli::package::Replace;
use crate::record::{BatchWriter, Compression};
use topics::{DemoTopic, PREFIX};

/// Records that a real producer would have sent together.
const BATCH: usize = 200;

pub(crate) async fn run(args: &Demo, interrupt: &Interrupt, output: Output) -> Result<Exit, Failure> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let broker = Broker::start(BrokerConfig::new().with_listen(listen)).await?;
    fill(&broker)?;
    let servers = broker.address().to_string();
    output.say(format_args!(
        "An embedded broker is on {servers}, with topics as a shop might have them.\n\
         This is what discover finds there: topica discover --servers {servers} --topic-prefix {PREFIX} -o {}\n",
        args.output_dir.display()
    ));
    let discover = Discover {
        config: None,
        output_dir: args.output_dir.clone(),
        dialect: vec!["sql".to_owned()],
        overwrite: false,
        dry_run: false,
        output: OutputForm::Text,
        limit: Duration::from_secs(60),
        records: 10_000,
        bytes: 16 << 20,
        threads: None,
        topic: None,
        include_internal: false,
        identifiers: false,
        max_rejected: 0.05,
        schema: None,
        not_null_from_sample: false,
        connect: Connect {
            servers: Some(servers),
            topic_prefix: Some(PREFIX.to_owned()),
            property: Vec::new(),
            command_config: None,
            timeout: None,
            format: FormatArgs::default(),
        },
    };
    // The mixed topic makes discovery say 1, and the demo shows just that.
    // What the last demo wrote is this one's to replace; what somebody else wrote there is not.
    let manner = Manner { servers: Some(DEMO_SERVERS), replace: Replace::Generated };
    let exit = discover::run_as(&discover, &manner, interrupt, output).await?;
    output.say(format_args!("\n{}", next_steps(&args.output_dir.display().to_string())));
    Ok(if exit == Exit::Interrupted { exit } else { Exit::Done })
}

/// Where the written tables say that Kafka is: where `topica broker --demo` listens.
const DEMO_SERVERS: &str = "localhost:9092";

fn next_steps(package: &str) -> String {
    let steps = [
        ("topica broker --demo &".to_owned(), "the same topics on localhost:9092"),
        (format!("topica source {package} orders --limit 3"), "rows of a table"),
        ("topica discover --servers HOST:9092 -o kafka/".to_owned(), "the tables of your own cluster"),
    ];
    let longest = steps.iter().map(|(command, _)| command.chars().count()).max().unwrap_or_default();
    let mut text = format!("The definitions are in {package}/. What to type next:");
    for (command, what) in steps {
        text.push_str(&format!("\n  {command:longest$}  # {what}"));
    }
    text
}

/// Makes the demo's topics and fills them.
pub(crate) fn fill(broker: &Broker) -> Result<(), Failure> {
    for topic in topics::topics() {
        broker.create_topic(topic.name, topic.partitions).map_err(|error| Failure::of(Exit::HalfWay, &error))?;
        for partition in 0..topic.partitions {
            append(broker, &topic, partition)?;
        }
    }
    Ok(())
}

fn append(broker: &Broker, topic: &DemoTopic, partition: i32) -> Result<(), Failure> {
    let mut writer = BatchWriter::new(1 << 20);
    let records: Vec<_> = topic.records.iter().filter(|record| record.partition == partition).collect();
    for batch in records.chunks(BATCH) {
        for record in batch {
            writer
                .push(record.timestamp_ms, record.key.as_deref(), record.value.as_deref(), &[])
                .map_err(|error| Failure::of(Exit::HalfWay, &error))?;
        }
        let batch = writer.finish(Compression::None, None).map_err(|error| Failure::of(Exit::HalfWay, &error))?;
        broker.append(topic.name, partition, batch).map_err(|error| Failure::of(Exit::HalfWay, &error))?;
    }
    Ok(())
}
