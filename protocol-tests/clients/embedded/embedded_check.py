"""What a librdkafka application does with a broker: create and list topics, produce in every codec, with and without
idempotence, consume by assignment, consume with a group, commit, resume, share. Prints "ok" at the end."""

import sys
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

PARTITIONS = 3
EACH = 200
servers, topic = sys.argv[1:3]


def until(seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield


def create_and_list():
    admin = AdminClient({"bootstrap.servers": servers})
    new = [NewTopic(topic, PARTITIONS, 1)]
    admin.create_topics(new, validate_only=True)[topic].result(10)
    assert topic not in admin.list_topics(timeout=10).topics
    admin.create_topics(new)[topic].result(10)
    assert len(admin.list_topics(timeout=10).topics[topic].partitions) == PARTITIONS
    try:
        admin.create_topics(new)[topic].result(10)
        raise AssertionError("created twice")
    except KafkaException as e:
        assert e.args[0].name() == "TOPIC_ALREADY_EXISTS", e
    return admin


def produce():
    records = 0
    for idempotent in (False, True):
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            failed = []
            producer = Producer({"bootstrap.servers": servers, "enable.idempotence": idempotent,
                                 "compression.type": codec, "linger.ms": 5})
            for i in range(EACH):
                producer.produce(topic, key=f"{codec}{idempotent}{i}", value=f"value {i} " * 5, headers={"codec": codec},
                                 on_delivery=lambda error, _: failed.append(error) if error else None)
                producer.poll(0)
            assert producer.flush(30) == 0 and not failed, (codec, failed)
            records += EACH
    return records


def patiently(call):
    """The result of a call that librdkafka does not repeat by itself when a leader has just moved."""
    for _ in until():
        try:
            return call()
        except KafkaException as e:
            assert e.args[0].name() == "NOT_LEADER_FOR_PARTITION", e
        time.sleep(0.05)
    raise AssertionError("no leader found")


def consumer(group, **more):
    return Consumer({"bootstrap.servers": servers, "group.id": group, "auto.offset.reset": "earliest",
                     "enable.auto.commit": False, **more})


def read(a_consumer, keys, goal):
    for _ in until():
        if len(keys) >= goal:
            return
        message = a_consumer.poll(1)
        if message is None:
            continue
        assert not message.error(), message.error()
        assert message.key() not in keys, message.key()
        assert message.key().startswith(dict(message.headers())["codec"])
        keys.add(message.key())
    raise AssertionError(f"read {len(keys)} of {goal}")


def consume_assigned(records):
    a_consumer = consumer("unused")
    partitions = [TopicPartition(topic, p, 0) for p in range(PARTITIONS)]
    a_consumer.assign(partitions)
    keys = set()
    read(a_consumer, keys, records)
    ends = [patiently(lambda: a_consumer.get_watermark_offsets(TopicPartition(topic, p))) for p in range(PARTITIONS)]
    assert sum(high for _, high in ends) == records, ends
    hour_ago = TopicPartition(topic, 0, int(time.time() * 1000) - 3_600_000)
    found = patiently(lambda: a_consumer.offsets_for_times([hour_ago], timeout=10))
    assert found[0].offset == 0, found
    a_consumer.close()


def consume_in_group(records):
    keys = set()
    for goal in (records // 2, records):
        a_consumer = consumer(topic + "-group")
        a_consumer.subscribe([topic])
        read(a_consumer, keys, goal)
        a_consumer.commit(asynchronous=False)
        committed = a_consumer.committed([TopicPartition(topic, p) for p in range(PARTITIONS)], timeout=10)
        assert sum(max(p.offset, 0) for p in committed) == goal, committed
        a_consumer.close()


def share_a_group():
    members = [consumer(topic + "-shared", **{"heartbeat.interval.ms": 500}) for _ in range(2)]
    for member in members:
        member.subscribe([topic])
    for _ in until():
        sizes = [len(member.assignment()) for member in members]
        if sum(sizes) == PARTITIONS and all(sizes):
            break
        for member in members:
            member.poll(0.1)
    else:
        raise AssertionError("no sharing")
    members[0].close()
    for _ in until():
        if len(members[1].assignment()) == PARTITIONS:
            break
        members[1].poll(0.1)
    else:
        raise AssertionError("partitions not taken over")
    members[1].close()


admin = create_and_list()
records = produce()
consume_assigned(records)
consume_in_group(records)
share_a_group()
groups = {group.group_id for group in admin.list_consumer_groups().result(10).valid}
assert topic + "-group" in groups, groups
admin.delete_topics([topic])[topic].result(10)
print("ok")
