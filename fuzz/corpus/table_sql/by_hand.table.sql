-- A table that somebody wrote.
/* CREATE TABLE not this one; */
create temporary table IF NOT EXISTS cat.db.`Order's` (
  id INT NOT NULL PRIMARY KEY NOT ENFORCED, -- the key; with a comment
  `small` SMALLINT,
  name VARCHAR(2147483647) COMMENT 'it''s a name',
  amount NUMERIC(10, 2),
  naive TIMESTAMP(3) WITHOUT TIME ZONE,
  instant TIMESTAMP(3) WITH LOCAL TIME ZONE NOT NULL,
  tags ARRAY<STRING>,
  entries ROW(a BIGINT NOT NULL, b MAP<STRING, DOUBLE PRECISION>) ARRAY,
  clock TIME(0),
  what RAW('java.lang.Object', 'x;y'),
  `select` BOOLEAN NULL,
  et AS TO_TIMESTAMP_LTZ(`id`, 3) /* ), */ + f(',', ')') COMMENT 'event time',
  `offset` BIGINT NOT NULL METADATA VIRTUAL,
  ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp',
  WATERMARK FOR et AS et - INTERVAL '5' SECOND
)
COMMENT 'all orders'
WITH (
  'connector' = 'kafka',
  'topic' = 'it''s',
  'properties.bootstrap.servers' = '${KAFKA_BOOTSTRAP_SERVERS}',
  'properties.group.id' = '${KAFKA_GROUP_ID}',
  'scan.startup.mode' = 'latest-offset',
  'format' = 'flexible-json'
);

CREATE TABLE csv_ones (a STRING, b BIGINT) WITH (
  'connector' = 'kafka', 'topic' = 'csv.ones', 'properties.bootstrap.servers' = 'h:1',
  'value.format' = 'csv', 'value.csv.field-delimiter' = '\t', 'value.csv.disable-quote-character' = 'true',
  'value.csv.escape-character' = '\', 'value.csv.allow-comments' = 'true', 'value.csv.ignore-parse-errors' = 'TRUE',
  'key.format' = 'raw', 'key.fields' = 'a'
)
