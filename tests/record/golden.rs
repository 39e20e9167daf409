//! Batches that Kafka's Java client and librdkafka wrote and a real broker stored; see `tests/golden/record/README.md`.

use topica::record::{Batches, Compression, FetchReader, Inflater};

use crate::build::{Owned, read_all};

fn golden(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/golden/record/{name}.batches", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).expect(&path)
}

fn expected(offset: i64, i: i64, timestamps_from: i64) -> Owned {
    let headers = vec![
        (b"trace".to_vec(), Some(format!("t-{i}").into_bytes())),
        (b"trace".to_vec(), None),
        ("é".as_bytes().to_vec(), Some(vec![0xff, 0])),
    ];
    Owned {
        offset,
        timestamp: timestamps_from + 1000 * i,
        key: (i % 3 != 0).then(|| format!("key-{i}").into_bytes()),
        value: (i % 7 != 6).then(|| format!(r#"{{"id":{i},"name":"row {i}","tags":["a","b","c"]}}"#).into_bytes()),
        headers: if i % 5 == 1 { headers } else { Vec::new() },
    }
}

#[test]
fn what_other_clients_wrote_in_each_codec_is_read() {
    for client in ["java", "rdkafka"] {
        for codec in Compression::ALL {
            let name = format!("{client}-{codec}");
            let bytes = golden(&name);
            let codecs: Vec<_> =
                Batches::new(&bytes).map(|batch| batch.unwrap().header().compression().unwrap()).collect();
            assert!(codecs.iter().all(|found| *found == codec), "{name}: {codecs:?}");
            let read: Vec<Owned> = read_all(&bytes).into_iter().map(Result::unwrap).collect();
            for i in 0..60 {
                assert_eq!(read[i as usize], expected(i, i, 1_700_000_000_000), "{name}");
            }
            if codec == Compression::None {
                assert_eq!(read.len(), 60, "{name}");
                continue;
            }
            assert_eq!(read.len(), 61, "{name}");
            assert_eq!(read[60].value.as_deref(), Some("0123456789abcdef".repeat(10_000).as_bytes()), "{name}");
        }
    }
}

#[test]
fn log_append_time_stands_for_the_producers() {
    let read: Vec<Owned> = read_all(&golden("java-append-time")).into_iter().map(Result::unwrap).collect();
    assert_eq!(read.len(), 5);
    for (i, record) in read.into_iter().enumerate() {
        // The broker's time, which was years after the producer's.
        assert_eq!(record.timestamp, 1_795_532_361_504);
        let expected = expected(i as i64, i as i64, 0);
        assert_eq!((record.key, record.value, record.headers), (expected.key, expected.value, expected.headers));
    }
}

#[test]
fn transactions_that_a_broker_ended_are_told_apart() {
    let bytes = golden("java-transactions");
    let producer = Batches::new(&bytes).next().unwrap().unwrap().header().producer_id;
    let mut inflater = Inflater::default();
    let mut read = |aborted: &[(i64, i64)]| {
        let mut reader = FetchReader::new(&bytes, 0, &mut inflater).skip_aborted(aborted.iter().copied());
        let mut all = Vec::new();
        while let Some(record) = reader.next() {
            all.push(Owned::from(record.unwrap()));
        }
        assert_eq!(reader.next_offset(), 16);
        all
    };
    // Three records each and a marker behind them.
    let of = |round: i64| (0..3).map(move |i| expected(round * 4 + i, round * 10 + i, 1_795_532_000_000));
    assert_eq!(read(&[]), (0..4).flat_map(of).collect::<Vec<_>>());
    assert_eq!(read(&[(producer, 4), (producer, 12)]), [0, 2].into_iter().flat_map(of).collect::<Vec<_>>());
}
