import java.io.File;
import java.io.IOException;

/**
 * One Kafka broker that lives no longer than whoever started it: it formats its storage, serves, and halts when its standard input ends, as it does when
 * the parent exits, is killed, or lets go of the pipe. Its data goes with it, its logs stay. Arguments: cluster id, properties file, data directory.
 */
public final class Broker {
  public static void main(String[] args) {
    Thread leash = new Thread(() -> haltAtEndOfInput(new File(args[2])), "leash");
    leash.setDaemon(true);
    leash.start();
    String[] format = {"format", "--ignore-formatted", "--cluster-id", args[0], "--config", args[1]};
    int code = kafka.tools.StorageTool.execute(format, System.out);
    if (code != 0) {
      Runtime.getRuntime().halt(code);
    }
    kafka.Kafka.main(new String[] {args[1]});
  }

  private static void haltAtEndOfInput(File data) {
    try {
      while (System.in.read() >= 0) {}
    } catch (IOException ended) {
      // The same as its end.
    }
    delete(data);
    Runtime.getRuntime().halt(0);
  }

  /** What the broker is still writing there may survive: it lies under target/ and is swept by a later run. */
  private static void delete(File file) {
    File[] inside = file.listFiles();
    if (inside != null) {
      for (File each : inside) {
        delete(each);
      }
    }
    file.delete();
  }
}
