//! A broker with topics to discover, and short ways to say what was found.

use topica::broker::{Broker, BrokerConfig};
use topica::client::{Client, ClientConfig};
use topica::discover::{Discovery, Options, Report};
use topica::infer::TableReport;
use topica::record::{BatchWriter, Compression};

/// A key and a value.
pub(crate) type Rec<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

/// An embedded broker on a free port.
pub(crate) async fn broker() -> Broker {
    Broker::start(BrokerConfig::new()).await.unwrap()
}

/// Appends one batch.
pub(crate) fn fill<'a>(broker: &Broker, topic: &str, partition: i32, records: impl IntoIterator<Item = Rec<'a>>) {
    let mut writer = BatchWriter::new(64 << 20);
    for (key, value) in records {
        writer.push(1_700_000_000_000, key, value, &[]).unwrap();
    }
    broker.append(topic, partition, writer.finish(Compression::None, None).unwrap()).unwrap();
}

/// Appends `batches` batches of `each` equal records; the size of a batch in bytes.
pub(crate) fn fill_batches(
    broker: &Broker,
    topic: &str,
    partition: i32,
    batches: usize,
    each: usize,
    value: &str,
) -> u64 {
    let mut size = 0;
    for _ in 0..batches {
        let mut writer = BatchWriter::new(64 << 20);
        for _ in 0..each {
            writer.push(1_700_000_000_000, None, Some(value.as_bytes()), &[]).unwrap();
        }
        let batch = writer.finish(Compression::None, None).unwrap();
        size = batch.len() as u64;
        broker.append(topic, partition, batch).unwrap();
    }
    size
}

/// Records without keys.
pub(crate) fn values<'a>(values: &'a [&'a str]) -> impl Iterator<Item = Rec<'a>> {
    values.iter().map(|value| (None, Some(value.as_bytes())))
}

/// A run of discovery.
pub(crate) async fn discover(broker: &Broker, options: Options) -> Report {
    let client = Client::connect(ClientConfig::new([broker.bootstrap()])).await.unwrap();
    Discovery::new(&client, options).run(|_| {}).await.unwrap()
}

/// A table of a report.
pub(crate) fn table<'r>(report: &'r Report, name: &str) -> &'r TableReport {
    let found = report.tables.iter().find(|table| table.table == name);
    found.unwrap_or_else(|| panic!("no table {name}: {:?}", report.skipped))
}

/// The columns, as `name TYPE seen/null`.
pub(crate) fn columns(table: &TableReport) -> Vec<String> {
    let columns = &table.columns;
    columns.iter().map(|c| format!("{} {} {}/{}", c.name, c.ty, c.seen, c.null)).collect()
}
