import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The Java client, kept running: create, delete, list, produce, fill, consume, leader. The argument is bootstrap.servers. */
public final class Client {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private final String servers;
  private final Admin admin;

  private Client(String servers) {
    this.servers = servers;
    this.admin = Admin.create(properties(NODES.objectNode()));
  }

  public static void main(String[] args) throws Exception {
    Client client = new Client(args[0]);
    Lines.serve(client::run);
  }

  private JsonNode run(JsonNode request) throws Exception {
    return switch (request.get("do").textValue()) {
      case "create" -> create(request);
      case "delete" -> delete(request);
      case "list" -> Lines.JSON.valueToTree(admin.listTopics().names().get());
      case "produce" -> produce(request);
      case "fill" -> fill(request);
      case "consume" -> consume(request);
      case "leader" -> leader(request);
      default -> throw new IllegalArgumentException("no such command: " + request.get("do"));
    };
  }

  private Properties properties(JsonNode config) {
    Properties p = new Properties();
    p.put("bootstrap.servers", servers);
    config.properties().forEach(e -> p.put(e.getKey(), e.getValue().asText()));
    return p;
  }

  /** {"topics": [{"name", "partitions", "replicas", "configs": {}}]}; returns when every partition has a leader that clients see. */
  private JsonNode create(JsonNode request) throws Exception {
    List<NewTopic> topics = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (JsonNode t : request.get("topics")) {
      Map<String, String> configs = new HashMap<>();
      t.path("configs").properties().forEach(e -> configs.put(e.getKey(), e.getValue().asText()));
      NewTopic topic = new NewTopic(t.get("name").textValue(), Optional.of(t.path("partitions").asInt(1)), Optional.of((short) t.path("replicas").asInt(1)));
      topics.add(topic.configs(configs));
      names.add(topic.name());
    }
    admin.createTopics(topics).all().get();
    for (int tries = 0; ; tries++) {
      try {
        boolean led = admin.describeTopics(names).allTopicNames().get().values().stream()
            .allMatch(d -> d.partitions().stream().allMatch(p -> p.leader() != null && !p.leader().isEmpty()));
        if (led) {
          return NODES.numberNode(names.size());
        }
      } catch (java.util.concurrent.ExecutionException notYet) {
        if (tries > 300) {
          throw notYet;
        }
      }
      Thread.sleep(20);
    }
  }

  private JsonNode delete(JsonNode request) throws Exception {
    List<String> names = new ArrayList<>();
    request.get("topics").forEach(t -> names.add(t.textValue()));
    admin.deleteTopics(names).all().get();
    return NODES.numberNode(names.size());
  }

  /** {"records": [{"topic", "partition", "timestamp", "key", "value", "headers": [[name, value]]}], "config": {}, "end": "commit" or "abort"}. */
  private JsonNode produce(JsonNode request) throws Exception {
    ArrayNode acks = NODES.arrayNode();
    try (KafkaProducer<byte[], byte[]> producer = producer(request)) {
      String end = request.path("end").asText(null);
      if (end != null) {
        producer.initTransactions();
        producer.beginTransaction();
      }
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (JsonNode r : request.get("records")) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
            r.get("topic").textValue(),
            r.hasNonNull("partition") ? r.get("partition").intValue() : null,
            r.hasNonNull("timestamp") ? r.get("timestamp").longValue() : null,
            Lines.bytes(r.get("key")),
            Lines.bytes(r.get("value")));
        for (JsonNode h : r.path("headers")) {
          record.headers().add(h.get(0).textValue(), Lines.bytes(h.get(1)));
        }
        sent.add(producer.send(record));
      }
      producer.flush();
      for (Future<RecordMetadata> ack : sent) {
        RecordMetadata at = ack.get();
        acks.add(NODES.objectNode().put("partition", at.partition()).put("offset", at.offset()).put("timestamp", at.timestamp()));
      }
      if ("commit".equals(end)) {
        producer.commitTransaction();
      } else if (end != null) {
        producer.abortTransaction();
      }
    }
    return acks;
  }

  /** {"topics": [], "payloads": [], "bytes": per topic, "config": {}}: the payloads in turn until each topic has that many value bytes. */
  private JsonNode fill(JsonNode request) throws Exception {
    List<byte[]> payloads = new ArrayList<>();
    request.get("payloads").forEach(p -> payloads.add(Lines.bytes(p)));
    long records = 0;
    try (KafkaProducer<byte[], byte[]> producer = producer(request)) {
      for (JsonNode topic : request.get("topics")) {
        long left = request.get("bytes").longValue();
        for (int i = 0; left > 0; i++, records++) {
          byte[] payload = payloads.get(i % payloads.size());
          producer.send(new ProducerRecord<>(topic.textValue(), payload), (at, failure) -> {
            if (failure != null) {
              failure.printStackTrace();
            }
          });
          left -= payload.length;
        }
      }
      producer.flush();
    }
    return NODES.numberNode(records);
  }

  private KafkaProducer<byte[], byte[]> producer(JsonNode request) {
    return new KafkaProducer<>(properties(request.path("config")), new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** {"topics": [], "config": {}}: every record from the first to the end offsets of now, by topic, partition, offset. */
  private JsonNode consume(JsonNode request) {
    ArrayNode all = NODES.arrayNode();
    Properties p = properties(request.path("config"));
    p.put("enable.auto.commit", "false");
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(p, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      for (JsonNode topic : request.get("topics")) {
        for (var info : consumer.partitionsFor(topic.textValue())) {
          TopicPartition tp = new TopicPartition(info.topic(), info.partition());
          List<TopicPartition> one = List.of(tp);
          consumer.assign(one);
          consumer.seekToBeginning(one);
          long end = consumer.endOffsets(one).get(tp);
          while (consumer.position(tp) < end) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
              if (record.offset() < end) {
                all.add(node(record));
              }
            }
          }
        }
      }
    }
    return all;
  }

  private static ObjectNode node(ConsumerRecord<byte[], byte[]> record) {
    ObjectNode node = NODES.objectNode().put("topic", record.topic()).put("partition", record.partition()).put("offset", record.offset()).put("timestamp", record.timestamp());
    node.set("key", Lines.node(record.key()));
    node.set("value", Lines.node(record.value()));
    ArrayNode headers = node.putArray("headers");
    for (Header h : record.headers()) {
      headers.addArray().add(h.key()).add(Lines.node(h.value()));
    }
    return node;
  }

  /** {"topic", "partition", "broker"}: puts that broker first in the replica list, elects it, returns when it leads. */
  private JsonNode leader(JsonNode request) throws Exception {
    TopicPartition tp = new TopicPartition(request.get("topic").textValue(), request.get("partition").intValue());
    int broker = request.get("broker").intValue();
    List<Integer> replicas = new ArrayList<>(List.of(broker));
    info(tp).replicas().forEach(n -> {
      if (n.id() != broker) {
        replicas.add(n.id());
      }
    });
    int keep = info(tp).replicas().size();
    admin.alterPartitionReassignments(Map.of(tp, Optional.of(new NewPartitionReassignment(replicas.subList(0, keep))))).all().get();
    for (int tries = 0; tries < 500; tries++) {
      TopicPartitionInfo now = info(tp);
      if (now.leader() != null && now.leader().id() == broker) {
        return NODES.numberNode(broker);
      }
      if (now.isr().stream().anyMatch(n -> n.id() == broker)) {
        try {
          admin.electLeaders(ElectionType.PREFERRED, Set.of(tp)).all().get();
        } catch (java.util.concurrent.ExecutionException notNeeded) {
          // It leads already, or is about to: looked at again below.
        }
      }
      Thread.sleep(20);
    }
    throw new IllegalStateException("broker " + broker + " does not lead " + tp);
  }

  private TopicPartitionInfo info(TopicPartition tp) throws Exception {
    return admin.describeTopics(List.of(tp.topic())).allTopicNames().get().get(tp.topic()).partitions().get(tp.partition());
  }
}
