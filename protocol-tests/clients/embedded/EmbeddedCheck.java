// What a Java application does with a broker, one step after the other: create and list topics, produce in every codec,
// with and without idempotence, consume by assignment, consume with a group, commit, resume, share, describe.
// Prints "ok" at the end; anything else is a failure.

import java.time.Duration;
import java.util.*;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.*;

public class EmbeddedCheck {
    static final int PARTITIONS = 3;
    static final int EACH = 200;
    static String servers;
    static String topic;

    public static void main(String[] args) throws Exception {
        servers = args[0];
        topic = args[1];
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            createAndList(admin);
            int records = produce();
            consumeAssigned(records);
            consumeInGroup(records);
            shareAGroup();
            describe(admin, records);
        }
        System.out.println("ok");
    }

    static void createAndList(Admin admin) throws Exception {
        NewTopic wanted = new NewTopic(topic, PARTITIONS, (short) 1).configs(Map.of("cleanup.policy", "compact"));
        admin.createTopics(List.of(wanted), new CreateTopicsOptions().validateOnly(true)).all().get();
        check(!admin.listTopics().names().get().contains(topic), "validate-only created the topic");
        admin.createTopics(List.of(wanted)).all().get();
        check(admin.listTopics().names().get().contains(topic), "the topic is not listed");
        try {
            admin.createTopics(List.of(wanted)).all().get();
            check(false, "the topic was created twice");
        } catch (ExecutionException e) {
            check(e.getCause() instanceof TopicExistsException, "not TopicExistsException: " + e);
        }
        TopicDescription found = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
        check(found.partitions().size() == PARTITIONS, "partitions: " + found);
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Config config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
        check(config.get("cleanup.policy").value().equals("compact"), "configs: " + config);
        check(admin.describeCluster().nodes().get().size() >= 1, "no nodes");
    }

    static int produce() throws Exception {
        int records = 0;
        for (boolean idempotent : new boolean[] {false, true}) {
            for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
                Map<String, Object> config = Map.of("bootstrap.servers", servers, "compression.type", codec,
                    "enable.idempotence", idempotent, "acks", idempotent ? "all" : "1", "linger.ms", 5);
                try (var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
                    List<java.util.concurrent.Future<RecordMetadata>> sent = new ArrayList<>();
                    for (int i = 0; i < EACH; i++) {
                        String value = codec + " value " + i + " ".repeat(i % 50);
                        var record = new ProducerRecord<>(topic, codec + idempotent + i, value);
                        record.headers().add("codec", codec.getBytes());
                        sent.add(producer.send(record));
                    }
                    for (var one : sent) check(one.get().hasOffset(), "no offset");
                    records += EACH;
                }
            }
        }
        return records;
    }

    static KafkaConsumer<String, String> consumer(String group) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", servers, "auto.offset.reset", "earliest",
            "enable.auto.commit", false, "max.poll.records", 100));
        if (group != null) config.put("group.id", group);
        return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
    }

    static void consumeAssigned(int records) {
        try (var consumer = consumer(null)) {
            List<TopicPartition> all = new ArrayList<>();
            for (int p = 0; p < PARTITIONS; p++) all.add(new TopicPartition(topic, p));
            consumer.assign(all);
            consumer.seekToBeginning(all);
            Set<String> keys = new HashSet<>();
            long end = consumer.endOffsets(all).values().stream().mapToLong(Long::longValue).sum();
            check(end == records, "end offsets add up to " + end + ", not " + records);
            check(consumer.beginningOffsets(all).values().stream().allMatch(o -> o == 0), "beginning offsets");
            Map<TopicPartition, Long> times = new HashMap<>();
            for (TopicPartition p : all) times.put(p, System.currentTimeMillis() - 3_600_000L);
            check(consumer.offsetsForTimes(times).values().stream().allMatch(o -> o != null && o.offset() == 0), "offsets for times");
            for (long until = System.currentTimeMillis() + 20_000; keys.size() < records && System.currentTimeMillis() < until;) {
                for (var record : consumer.poll(Duration.ofMillis(500))) {
                    check(keys.add(record.key()), "twice: " + record.key());
                    check(record.key().startsWith(new String(record.headers().lastHeader("codec").value())), "header");
                }
            }
            check(keys.size() == records, "read " + keys.size() + " of " + records);
        }
    }

    /// Reads a part, commits, closes; another member goes on where the first one stopped.
    static void consumeInGroup(int records) {
        Set<String> keys = new HashSet<>();
        for (int goal : new int[] {records / 2, records}) {
            try (var consumer = consumer(topic + "-group")) {
                consumer.subscribe(List.of(topic));
                for (long until = System.currentTimeMillis() + 20_000; keys.size() < goal && System.currentTimeMillis() < until;) {
                    for (var record : consumer.poll(Duration.ofMillis(500))) {
                        check(keys.add(record.key()), "twice: " + record.key());
                    }
                    consumer.commitSync();
                }
                check(keys.size() >= goal, "group read " + keys.size() + " of " + goal);
            }
        }
    }

    /// Two members share the partitions; when one goes, the other has them all.
    static void shareAGroup() {
        try (var first = consumer(topic + "-shared")) {
            first.subscribe(List.of(topic));
            try (var second = consumer(topic + "-shared")) {
                second.subscribe(List.of(topic));
                long until = System.currentTimeMillis() + 30_000;
                while (first.assignment().size() + second.assignment().size() != PARTITIONS || second.assignment().isEmpty()
                        || first.assignment().isEmpty()) {
                    check(System.currentTimeMillis() < until, "no sharing: " + first.assignment() + second.assignment());
                    first.poll(Duration.ofMillis(100));
                    second.poll(Duration.ofMillis(100));
                }
            }
            long until = System.currentTimeMillis() + 30_000;
            while (first.assignment().size() != PARTITIONS) {
                check(System.currentTimeMillis() < until, "partitions not taken over: " + first.assignment());
                first.poll(Duration.ofMillis(100));
            }
        }
    }

    static void describe(Admin admin, int records) throws Exception {
        String group = topic + "-group";
        long committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().values().stream()
            .mapToLong(OffsetAndMetadata::offset).sum();
        check(committed == records, "committed " + committed);
        check(admin.listGroups().all().get().stream().anyMatch(g -> g.groupId().equals(group)), "the group is not listed");
        admin.describeClassicGroups(List.of(group)).all().get();
        TopicPartition first = new TopicPartition(topic, 0);
        admin.deleteRecords(Map.of(first, RecordsToDelete.beforeOffset(5))).all().get();
        long start = admin.listOffsets(Map.of(first, OffsetSpec.earliest())).all().get().get(first).offset();
        check(start == 5, "start " + start);
        check(admin.listOffsets(Map.of(first, OffsetSpec.maxTimestamp())).all().get().get(first).offset() > 0, "max timestamp");
        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(PARTITIONS + 2))).all().get();
        check(admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size() == PARTITIONS + 2, "not grown");
        admin.deleteConsumerGroups(List.of(group)).all().get();
        admin.deleteTopics(List.of(topic)).all().get();
        check(!admin.listTopics().names().get().contains(topic), "the topic is still listed");
    }

    static void check(boolean holds, String otherwise) {
        if (!holds) throw new AssertionError(otherwise);
    }
}
