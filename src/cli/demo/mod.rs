//! `topica demo`: the whole of it on an embedded broker, without Kafka.

mod topics;

use std::net::{Ipv4Addr, SocketAddr};

use crate::broker::{Broker, BrokerConfig};
use crate::cli::args::{Connect, Demo, Discover, FormatArgs, OutputForm};
use crate::cli::discover;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::record::{BatchWriter, Compression};
use topics::{DemoTopic, PREFIX};

/// Records that a real producer would have sent together.
const BATCH: usize = 200;

pub(crate) async fn run(args: &Demo, output: Output) -> Result<Exit, Failure> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let broker = Broker::start(BrokerConfig::new().with_listen(listen)).await?;
    fill(&broker)?;
    let servers = broker.address().to_string();
    output.say(format_args!("An embedded broker is on {servers}; discovering its topics as on any cluster.\n"));
    let discover = Discover {
        config: None,
        output_dir: args.output_dir.clone(),
        dialect: vec!["sql".to_owned()],
        // The package of the last demo is this one's to replace.
        overwrite: true,
        dry_run: false,
        output: OutputForm::Text,
        limit: 60.0,
        records: 10_000,
        bytes: 16 << 20,
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
    let exit = discover::run_as(&discover, Some(DEMO_SERVERS), output).await?;
    output.say(format_args!("{}", next_steps(&args.output_dir.display().to_string())));
    Ok(if exit == Exit::Interrupted { exit } else { Exit::Done })
}

/// Where the written tables say that Kafka is: where `topica broker --demo` listens.
const DEMO_SERVERS: &str = "localhost:9092";

fn next_steps(package: &str) -> String {
    format!(
        "What to type next:\n  \
         topica broker --demo &                           the same topics on {DEMO_SERVERS}, for as long as you like\n  \
         topica source {package} orders --limit 3         rows of a table\n  \
         topica discover --servers HOST:9092 -o kafka/    the tables of your own cluster"
    )
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
