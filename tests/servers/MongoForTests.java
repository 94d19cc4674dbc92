import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import org.h2.mvstore.MVStore;

/**
 * mongo-java-server on a file: MongoForTests PORT FILE. What it has acknowledged is in the file some 10 ms later. With
 * the sizes that H2 has by itself (KiB of a commit, MiB of cache) it stores some hundred documents a second, in place of
 * two thousand.
 */
public class MongoForTests {
    public static void main(String[] arguments) throws InterruptedException {
        MVStore store = new MVStore.Builder().fileName(arguments[1]).autoCommitBufferSize(4096).cacheSize(256).open();
        store.setAutoCommitDelay(10);
        MongoServer server = new MongoServer(new H2Backend(store));
        server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        Thread.currentThread().join();
    }
}
