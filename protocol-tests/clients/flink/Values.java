import java.math.BigDecimal;
import java.util.HexFormat;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.Row;

/** Flink's types and values as JSON that loses nothing: a type is {"root", ...}; a scalar is the text that Java prints for it, a row an array in field order. */
final class Values {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  static ObjectNode type(LogicalType type) {
    ObjectNode node = NODES.objectNode().put("root", type.getTypeRoot().name()).put("nullable", type.isNullable());
    if (type instanceof RowType row) {
      ArrayNode fields = node.putArray("fields");
      row.getFields().forEach(f -> fields.addObject().put("name", f.getName()).set("type", type(f.getType())));
      return node;
    }
    if (type instanceof DecimalType decimal) {
      node.put("precision", decimal.getPrecision()).put("scale", decimal.getScale());
    }
    ArrayNode parts = node.putArray("of"); // an array's element; a map's key and value
    type.getChildren().forEach(t -> parts.add(type(t)));
    return node;
  }

  static JsonNode value(Object value) {
    if (value == null) {
      return NODES.nullNode();
    }
    if (value instanceof Boolean truth) {
      return NODES.booleanNode(truth);
    }
    if (value instanceof BigDecimal decimal) {
      return NODES.textNode(decimal.toPlainString());
    }
    if (value instanceof byte[] bytes) {
      return NODES.textNode(HexFormat.of().formatHex(bytes));
    }
    if (value instanceof Object[] elements) {
      ArrayNode array = NODES.arrayNode();
      for (Object element : elements) {
        array.add(value(element));
      }
      return array;
    }
    if (value instanceof Row row) {
      ArrayNode array = NODES.arrayNode();
      for (int i = 0; i < row.getArity(); i++) {
        array.add(value(row.getField(i)));
      }
      return array;
    }
    if (value instanceof Map<?, ?> map) {
      ObjectNode object = NODES.objectNode();
      map.forEach((k, v) -> object.set(String.valueOf(k), value(v)));
      return object;
    }
    return NODES.textNode(value.toString());
  }
}
