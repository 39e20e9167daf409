import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Requests as JSON lines on standard input, one reply a line on standard output; bytes as null, a string (UTF-8), or {"hex": ...}. */
final class Lines {
  static final ObjectMapper JSON = new ObjectMapper();

  interface Command {
    JsonNode run(JsonNode request) throws Exception;
  }

  static void serve(Command command) throws Exception {
    PrintStream replies = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    System.setOut(System.err); // whatever a library prints is no reply
    BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = requests.readLine()) != null; ) {
      ObjectNode reply = JsonNodeFactory.instance.objectNode();
      try {
        reply.set("ok", command.run(JSON.readTree(line)));
      } catch (Throwable failure) {
        reply.put("error", causes(failure));
      }
      replies.println(JSON.writeValueAsString(reply));
      replies.flush();
    }
    Runtime.getRuntime().halt(0);
  }

  static byte[] bytes(JsonNode node) {
    if (node == null || node.isNull()) {
      return null;
    }
    return node.isTextual() ? node.textValue().getBytes(StandardCharsets.UTF_8) : HexFormat.of().parseHex(node.get("hex").textValue());
  }

  static JsonNode node(byte[] bytes) {
    if (bytes == null) {
      return JsonNodeFactory.instance.nullNode();
    }
    try {
      return JsonNodeFactory.instance.textNode(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException notText) {
      return JsonNodeFactory.instance.objectNode().put("hex", HexFormat.of().formatHex(bytes));
    }
  }

  private static String causes(Throwable failure) {
    StringBuilder all = new StringBuilder();
    for (Throwable at = failure; at != null; at = at.getCause()) {
      all.append(all.isEmpty() ? "" : " <- ").append(at);
    }
    return all.toString();
  }
}
