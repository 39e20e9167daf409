import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/**
 * Real Flink, kept running: executes every CREATE TABLE of the files that it is given and reads each table from its first to its last offset.
 * Requests are JSON lines: {"do": "read", "files": [], "env": {}} and {"do": "insert", "files": [], "env": {}, "sql": "INSERT ..."}.
 */
public final class Tables {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final Pattern CREATE =
      Pattern.compile("CREATE\\s+(?:TEMPORARY\\s+)?TABLE\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?(`(?:[^`]|``)+`|\\w+)", Pattern.CASE_INSENSITIVE);
  /** How many tables are read at once: a job of one small table is mostly waiting. */
  private static final int AT_ONCE = 8;
  private final Configuration session;

  private Tables(Configuration session) {
    this.session = session;
  }

  public static void main(String[] args) throws Exception {
    PrintStream replies = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    System.setOut(System.err); // whatever a library prints is no reply
    Tables tables = new Tables(start());
    BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = requests.readLine()) != null; ) {
      ObjectNode reply = NODES.objectNode();
      try {
        reply.set("ok", tables.run(JSON.readTree(line)));
      } catch (Throwable failure) {
        reply.put("error", causes(failure));
      }
      replies.println(JSON.writeValueAsString(reply));
      replies.flush();
    }
    Runtime.getRuntime().halt(0);
  }

  /** One mini cluster for all jobs: starting one a job costs more than most of the jobs. */
  private static Configuration start() throws Exception {
    Configuration config = new Configuration();
    config.setString("rest.address", "localhost");
    config.setString("rest.bind-port", "0");
    config.setString("taskmanager.memory.network.min", "32m");
    config.setString("taskmanager.memory.network.max", "32m");
    config.setString("taskmanager.memory.managed.size", MemorySize.ofMebiBytes(64).toString());
    MiniCluster cluster = new MiniCluster(
        new MiniClusterConfiguration.Builder().setConfiguration(config).setNumTaskManagers(1).setNumSlotsPerTaskManager(AT_ONCE).build());
    cluster.start();
    Configuration session = new Configuration();
    session.setString("execution.target", "remote");
    session.setString("rest.address", "localhost");
    session.setString("rest.port", String.valueOf(cluster.getRestAddress().get().getPort()));
    session.setString("parallelism.default", "1");
    session.setString("table.local-time-zone", "UTC");
    return session;
  }

  private JsonNode run(JsonNode request) throws Exception {
    TableEnvironment flink = TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(session).build());
    boolean read = request.get("do").textValue().equals("read");
    List<Read> reads = new ArrayList<>();
    for (JsonNode file : request.get("files")) {
      String text = expand(Files.readString(Path.of(file.textValue())), request.path("env"));
      for (String statement : text.split(";\\s*(\\n|$)")) {
        Matcher name = CREATE.matcher(statement);
        if (name.find()) {
          reads.add(new Read(flink, file.textValue(), name.group(1), statement));
        }
      }
    }
    ArrayNode all = NODES.arrayNode();
    for (int next = 0; next < reads.size(); next += AT_ONCE) {
      List<Read> some = reads.subList(next, Math.min(next + AT_ONCE, reads.size()));
      if (read) {
        some.forEach(Read::start);
      }
      some.forEach(r -> all.add(r.finish()));
    }
    if (!read) {
      flink.executeSql(request.get("sql").textValue()).await();
    }
    return all;
  }

  private static String expand(String text, JsonNode environment) {
    return Pattern.compile("\\$\\{(\\w+)\\}").matcher(text).replaceAll(found -> {
      JsonNode value = environment.get(found.group(1));
      if (value == null) {
        throw new IllegalArgumentException("environment variable " + found.group(1) + " is not set");
      }
      return Matcher.quoteReplacement(value.textValue());
    });
  }

  static String causes(Throwable failure) {
    List<String> all = new ArrayList<>();
    for (Throwable at = failure; at != null && all.size() < 12; at = at.getCause()) {
      String text = String.valueOf(at.getMessage()).lines().findFirst().orElse("");
      if (all.isEmpty() || !all.get(all.size() - 1).equals(text)) {
        all.add(text);
      }
    }
    return String.join(" <- ", all);
  }
}
