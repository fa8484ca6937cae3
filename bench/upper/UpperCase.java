import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * How fast String.toUpperCase is: ASCII MIXED ROUNDS, as bench/upper/src/main.rs.
 *
 * <p>Mixed text of 64 MiB is left out: the JDK copies the whole result for each ß, so that it takes
 * minutes.
 */
class UpperCase {
  static final int LEAST = 4 << 20;
  static final long MOST = 2_500_000_000L;
  static int kept;

  public static void main(String[] args) throws Exception {
    int rounds = Integer.parseInt(args[2]);
    for (int at = 0; at < 2; at++) {
      for (int times : at == 0 ? new int[] {1, 1024} : new int[] {1}) {
        String text = Files.readString(Path.of(args[at])).repeat(times);
        long size = text.getBytes(StandardCharsets.UTF_8).length;
        // The compiler needs a few rounds before it is done.
        measure(text, size, 3, null);
        measure(text, size, rounds, at == 0 ? "ASCII" : "mixed");
      }
    }
  }

  static void measure(String text, long size, int rounds, String name) {
    long repeats = Math.max(LEAST / size, 1);
    long spent = 0;
    for (int round = 0; round < rounds && spent < MOST; round++) {
      long start = System.nanoTime();
      for (long i = 0; i < repeats; i++) {
        kept += text.toUpperCase(Locale.ROOT).length();
      }
      long took = System.nanoTime() - start;
      spent += took;
      if (name != null) {
        double rate = (double) (repeats * size) / took;
        System.out.printf(
            Locale.ROOT, "Java, String.toUpperCase\t%s\t%d\t%.4f%n", name, size, rate);
      }
    }
  }
}
