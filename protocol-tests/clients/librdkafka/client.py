"""librdkafka, kept running: JSON lines on standard input, one reply a line on standard output. The argument is bootstrap.servers.

{"do": "produce", "records": [{"topic", "partition", "timestamp", "key", "value", "headers": [[name, value]]}], "config": {}}
{"do": "consume", "topics": [], "config": {}}: every record from the first to the end offsets of now.
{"do": "list"}: the names of the topics.
Bytes are null, a string (UTF-8), or {"hex": ...}, as in Lines.java.
"""
import json
import sys

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

SERVERS = {"bootstrap.servers": sys.argv[1]}


def to_bytes(node):
    if node is None or isinstance(node, str):
        return None if node is None else node.encode()
    return bytes.fromhex(node["hex"])


def to_node(data):
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"hex": data.hex()}


def produce(request):
    acks = [None] * len(request["records"])
    producer = Producer(SERVERS | request.get("config", {}))
    for index, record in enumerate(request["records"]):
        def delivered(error, message, index=index):
            acks[index] = str(error) if error else {"partition": message.partition(), "offset": message.offset(), "timestamp": message.timestamp()[1]}
        optional = {name: record[name] for name in ("partition", "timestamp") if record.get(name) is not None}
        headers = [(name, to_bytes(value)) for name, value in record.get("headers", [])]
        producer.produce(record["topic"], to_bytes(record.get("value")), to_bytes(record.get("key")), headers=headers, on_delivery=delivered, **optional)
        producer.poll(0)
    producer.flush(60)
    failed = [ack for ack in acks if not isinstance(ack, dict)]
    if failed:
        raise RuntimeError(f"not delivered: {failed[:3]}")
    return acks


def consume(request):
    records = []
    consumer = Consumer(SERVERS | {"group.id": "unused", "enable.auto.commit": False, "auto.offset.reset": "earliest"} | request.get("config", {}))
    try:
        for topic in request["topics"]:
            for partition in consumer.list_topics(topic, 30).topics[topic].partitions:
                first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), 30)
                if first == end:
                    continue
                consumer.assign([TopicPartition(topic, partition, first)])
                at = first
                while at < end:
                    message = consumer.poll(10)
                    if message is None or message.error():
                        position = consumer.position([TopicPartition(topic, partition)])[0].offset
                        if position >= end:
                            break
                        raise RuntimeError(f"stuck at {position} of {end}: {message and message.error()}")
                    at = message.offset() + 1
                    records.append({
                        "topic": topic, "partition": partition, "offset": message.offset(), "timestamp": message.timestamp()[1],
                        "key": to_node(message.key()), "value": to_node(message.value()),
                        "headers": [[name, to_node(value)] for name, value in message.headers() or []],
                    })
    finally:
        consumer.close()
    return records


COMMANDS = {"produce": produce, "consume": consume, "list": lambda _: sorted(AdminClient(SERVERS).list_topics(timeout=30).topics)}

for line in sys.stdin:
    request = json.loads(line)
    try:
        reply = {"ok": COMMANDS[request["do"]](request)}
    except Exception as failure:
        reply = {"error": f"{type(failure).__name__}: {failure}"}
    print(json.dumps(reply), flush=True)
