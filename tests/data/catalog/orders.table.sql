-- topica: generated: delete this line to keep the definition as your own
-- topica: role: source
CREATE TABLE `orders` (
  `id` BIGINT,
  `customerid` BIGINT,
  `time` TIMESTAMP_LTZ(3),
  `entries` ARRAY<ROW<`productid` BIGINT, `quantity` BIGINT, `unit_price` DOUBLE, `discount` DOUBLE>>,
  `_source_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  WATERMARK FOR `_source_time` AS `_source_time` - INTERVAL '0.001' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'shop.Orders.json',
  'properties.bootstrap.servers' = 'localhost:9092,${MORE}',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601'
);
