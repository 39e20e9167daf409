import com.fasterxml.jackson.databind.*;
import com.fasterxml.jackson.annotation.*;
import com.fasterxml.jackson.dataformat.yaml.*;
import java.util.*;
public class Gen {
  public static void main(String[] a) throws Exception {
    ObjectMapper y = new ObjectMapper(new YAMLFactory());
    // one name a line, as JSON strings, on stdin
    ObjectMapper j = new ObjectMapper();
    List<String> names = j.readValue(System.in, List.class);
    List<Object> cols = new ArrayList<>();
    for (String n : names) {
      Map<String,Object> c = new LinkedHashMap<>();
      c.put("name", n); c.put("type", "[[INTEGER]]"); c.put("tests", List.of("not_null"));
      cols.add(c);
    }
    Map<String,Object> nest = new LinkedHashMap<>();
    nest.put("name", "nest"); nest.put("columns", cols); nest.put("tests", List.of("not_null"));
    Map<String,Object> t = new LinkedHashMap<>();
    t.put("name", "orders"); t.put("schema_version", "1"); t.put("partial_schema", false);
    List<Object> top = new ArrayList<>(cols); top.add(nest);
    t.put("columns", top);
    System.out.print(y.writeValueAsString(t));
    Map<String,Object> f = new LinkedHashMap<>(); f.put("formatType","csv"); f.put("commentPrefix", null); f.put("header", names); f.put("e", List.of());
    f.put("o", Map.of());
    System.err.print(j.writerWithDefaultPrettyPrinter().writeValueAsString(f));
  }
}
