import java.util.List;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/** One CREATE TABLE: executed, and read from the first to the last offset of now. What goes wrong stays with it. */
final class Read {
  private final TableEnvironment flink;
  private final String name;
  private final boolean upsert;
  private final ObjectNode reply = JsonNodeFactory.instance.objectNode();
  private List<Column> columns;
  private CloseableIterator<Row> results;

  Read(TableEnvironment flink, String file, String name, String statement) {
    this.flink = flink;
    this.name = name;
    this.upsert = statement.contains("'upsert-kafka'");
    reply.put("file", file).put("table", unquoted().replace("``", "`"));
    try {
      flink.executeSql(statement);
      columns = flink.from(name).getResolvedSchema().getColumns();
      ArrayNode described = reply.putArray("columns");
      columns.forEach(c -> described.addObject().put("name", c.getName()).put("stored", c.isPhysical()).set("type", Values.type(c.getDataType().getLogicalType())));
    } catch (Throwable failure) {
      reply.put("error", Tables.causes(failure));
    }
  }

  /** Submits the job; rows are [partition, offset, column...]: the table's own definition with the record's address beside it. */
  void start() {
    if (reply.has("error")) {
      return;
    }
    try {
      String addressed = "`" + unquoted() + " with address`";
      flink.executeSql("CREATE TABLE " + addressed + " (`its partition` INT METADATA FROM 'partition' VIRTUAL, `its offset` BIGINT METADATA FROM 'offset' VIRTUAL) LIKE " + name);
      StringBuilder select = new StringBuilder("SELECT `its partition`, `its offset`");
      columns.forEach(c -> select.append(", `").append(c.getName().replace("`", "``")).append('`'));
      select.append(" FROM ").append(addressed).append(" /*+ OPTIONS(").append(upsert ? "" : "'scan.startup.mode'='earliest-offset',").append("'scan.bounded.mode'='latest-offset') */");
      results = flink.executeSql(select.toString()).collect();
    } catch (Throwable failure) {
      reply.put("error", Tables.causes(failure));
    }
  }

  /** Waits for the rows, if it was started. */
  ObjectNode finish() {
    if (results == null) {
      return reply;
    }
    ArrayNode rows = reply.putArray("rows");
    try (var rest = results) {
      while (rest.hasNext()) {
        Row row = rest.next();
        ArrayNode cells = rows.addArray();
        for (int i = 0; i < row.getArity(); i++) {
          cells.add(Values.value(row.getField(i)));
        }
      }
    } catch (Throwable failure) {
      reply.put("error", Tables.causes(failure));
    }
    return reply;
  }

  private String unquoted() {
    return name.startsWith("`") ? name.substring(1, name.length() - 1) : name;
  }
}
