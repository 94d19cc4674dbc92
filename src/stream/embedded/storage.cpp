#include "stream/embedded/storage.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <array>
#include <sqlite3.h>

#include "domain/uuid.hpp"
#include "store/sqlite.hpp"
#include "stream/embedded/header_codec.hpp"
#include "stream/embedded/record_id.hpp"

namespace nearline::stream::embedded {
namespace {

const std::array<store::Migration, 1> migrations{{{1, "topics, records, committed offsets", R"sql(
    CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO meta VALUES ('fence', 0);
    CREATE TABLE topics (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        partitions INTEGER NOT NULL,
        replication_factor INTEGER NOT NULL,
        retention_ms INTEGER NOT NULL,
        retention_bytes INTEGER NOT NULL
    ) STRICT;
    -- Offsets from log_start up to the last record's; where there is none, the next one is log_start.
    CREATE TABLE partitions (
        id INTEGER PRIMARY KEY,
        topic INTEGER NOT NULL REFERENCES topics (id),
        number INTEGER NOT NULL,
        log_start INTEGER NOT NULL DEFAULT 0,
        log_start_bytes INTEGER NOT NULL DEFAULT 0,
        UNIQUE (topic, number)
    ) STRICT;
    -- id: the partition's id << 44 | offset. bytes: of keys, values and headers of the partition's records
    -- up to and with this one. headers: see header_codec.hpp.
    CREATE TABLE records (
        id INTEGER PRIMARY KEY,
        timestamp INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        headers BLOB,
        key BLOB,
        value BLOB
    ) STRICT;
    CREATE TABLE offsets (
        consumer_group TEXT NOT NULL,
        partition INTEGER NOT NULL,
        next INTEGER NOT NULL,
        PRIMARY KEY (consumer_group, partition)
    ) STRICT, WITHOUT ROWID;
)sql"}}};

// Of SQLite's write-ahead log format; a page has SQLite's default size.
constexpr sqlite3_int64 page_size = 4'096;
constexpr sqlite3_int64 frame_header_size = 24;
constexpr sqlite3_int64 log_header_size = 32;

constexpr std::int64_t max_partition_id = (std::int64_t{1} << (63 - offset_bits)) - 1;

void bind_blob(SQLite::Statement& statement, int index, const std::optional<std::string>& value) {
    if (value) {
        statement.bindNoCopy(index, value->data(), static_cast<int>(value->size()));
    } else {
        statement.bind(index);
    }
}

}  // namespace

struct Storage::Impl {
    Impl(const std::string& path, int room) : database(store::open_sqlite(path)) {
        store::migrate(*database, "stream", migrations);
        // Checkpoints are made by the housekeeper, beside the writer.
        database->exec("PRAGMA wal_autocheckpoint = 0");
        make_room(room);
        sqlite3_wal_hook(database->getHandle(), &Impl::committed, this);
        const auto prepare = [this](auto& statement, const char* sql) { statement.emplace(*database, sql); };
        prepare(begin, "BEGIN IMMEDIATE");
        prepare(commit, "COMMIT");
        prepare(append, "INSERT INTO records (id, timestamp, bytes, headers, key, value) VALUES (?, ?, ?, ?, ?, ?)");
        prepare(store_offset, "INSERT INTO offsets VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next = excluded.next");
    }

    // A sync is twice as fast where the file does not grow: the file system has nothing to note. So the
    // write-ahead log gets its size beforehand, in zeros, which SQLite takes for the end of the log; it is
    // written round and round from then on. For speed alone: without room for it all works as well.
    void make_room(int pages) {
        sqlite3_file* log = nullptr;
        sqlite3_file_control(database->getHandle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
        sqlite3_int64 size = 0;
        if (log == nullptr || log->pMethods == nullptr || log->pMethods->xFileSize(log, &size) != SQLITE_OK) return;
        const std::vector<char> zeros(256UL << 10);
        const sqlite3_int64 wanted = sqlite3_int64{pages} * (page_size + frame_header_size) + log_header_size;
        if (size >= wanted) return;
        while (size < wanted) {
            if (log->pMethods->xWrite(log, zeros.data(), static_cast<int>(zeros.size()), size) != SQLITE_OK) return;
            size += static_cast<sqlite3_int64>(zeros.size());
        }
        log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    }

    static int committed(void* self, sqlite3*, const char*, int pages) {
        static_cast<Impl*>(self)->log_pages = pages;
        return SQLITE_OK;
    }

    // A write that failed in COMMIT is certainly gone only if its last page did not get into the log.
    [[noreturn]] void fail(const SQLite::Exception& error, bool committing = false) const {
        const int code = error.getExtendedErrorCode();
        const bool incomplete = code == SQLITE_FULL || code == SQLITE_IOERR_WRITE || code == SQLITE_BUSY;
        // Without the file's path: the reason goes to clients, too. Who logs it names the file().
        std::string why = std::string("embedded log: ") + error.what();
        if (code == SQLITE_IOERR_WRITE) why += " (the file can't be written)";
        throw StorageError(why, committing && !incomplete);
    }

    void run(SQLite::Statement& statement) {
        statement.exec();
        statement.reset();
    }

    std::unique_ptr<SQLite::Database> database;
    std::optional<SQLite::Statement> begin, commit, append, store_offset;
    int log_pages = 0;
};

Storage::Storage(const std::string& path, int log_pages) : impl_(std::make_unique<Impl>(path, log_pages)) {}
Storage::~Storage() = default;

StoredState Storage::load() {
    auto& database = *impl_->database;
    try {
        StoredState state;
        SQLite::Statement make_id(database, "INSERT OR IGNORE INTO meta VALUES ('cluster_id', ?)");
        make_id.bind(1, Uuid::random().to_string());
        make_id.exec();
        state.cluster_id = database.execAndGet("SELECT value FROM meta WHERE name = 'cluster_id'").getString();

        SQLite::Statement topics(database,
                                 "SELECT name, partitions, replication_factor, retention_ms, retention_bytes, "
                                 "id FROM topics ORDER BY id");
        SQLite::Statement partitions(database,
                                     "SELECT id, log_start, log_start_bytes FROM partitions WHERE topic = ? "
                                     "ORDER BY number");
        SQLite::Statement last(database,
                               "SELECT id, bytes FROM records WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1");
        while (topics.executeStep()) {
            StoredTopic topic;
            topic.name = topics.getColumn(0).getString();
            topic.options.partitions = topics.getColumn(1).getInt();
            topic.options.replication_factor = topics.getColumn(2).getInt();
            topic.options.retention = std::chrono::milliseconds(topics.getColumn(3).getInt64());
            topic.options.retention_bytes = topics.getColumn(4).getInt64();
            partitions.bind(1, topics.getColumn(5).getInt64());
            while (partitions.executeStep()) {
                StoredPartition partition;
                partition.id = partitions.getColumn(0).getInt64();
                partition.start = partition.end = partitions.getColumn(1).getInt64();
                partition.bytes = partitions.getColumn(2).getInt64();
                last.bind(1, record_id(partition.id, partition.start));
                last.bind(2, record_id(partition.id + 1, 0) - 1);
                if (last.executeStep()) {
                    partition.end = offset_of(last.getColumn(0).getInt64()) + 1;
                    partition.bytes = last.getColumn(1).getInt64();
                }
                last.reset();
                topic.partitions.push_back(partition);
            }
            partitions.reset();
            state.topics.push_back(std::move(topic));
        }

        SQLite::Statement offsets(database,
                                  "SELECT consumer_group, topics.name, number, next FROM offsets "
                                  "JOIN partitions ON partitions.id = partition "
                                  "JOIN topics ON topics.id = topic");
        while (offsets.executeStep()) {
            state.offsets.push_back({offsets.getColumn(0).getString(),
                                     {offsets.getColumn(1).getString(), offsets.getColumn(2).getInt()},
                                     offsets.getColumn(3).getInt64()});
        }
        return state;
    } catch (const SQLite::Exception& error) {
        store::throw_sqlite(database, error);
    }
}

void Storage::begin() {
    try {
        impl_->run(*impl_->begin);
    } catch (const SQLite::Exception& error) {
        impl_->fail(error);
    }
}

void Storage::commit() {
    try {
        impl_->run(*impl_->commit);
    } catch (const SQLite::Exception& error) {
        impl_->fail(error, true);
    }
}

void Storage::rollback() noexcept {
    for (auto* statement : {&impl_->begin, &impl_->commit, &impl_->append, &impl_->store_offset}) {
        (*statement)->tryReset();
    }
    // Some errors have rolled back already.
    if (sqlite3_get_autocommit(impl_->database->getHandle()) == 0) impl_->database->tryExec("ROLLBACK");
}

std::string Storage::file() const {
    return impl_->database->getFilename();
}

void Storage::touch() {
    try {
        impl_->database->exec("UPDATE meta SET value = value + 1 WHERE name = 'fence'");
    } catch (const SQLite::Exception& error) {
        impl_->fail(error);
    }
}

void Storage::fence() {
    begin();
    touch();
    commit();
}

void Storage::append(std::int64_t partition, std::int64_t offset, const Record& record, std::int64_t bytes) {
    try {
        auto& statement = *impl_->append;
        const std::string headers = encode_headers(record.headers);
        statement.bind(1, record_id(partition, offset));
        statement.bind(2, record.timestamp);
        statement.bind(3, bytes);
        if (headers.empty()) {
            statement.bind(4);
        } else {
            statement.bindNoCopy(4, headers.data(), static_cast<int>(headers.size()));
        }
        bind_blob(statement, 5, record.key);
        bind_blob(statement, 6, record.value);
        impl_->run(statement);
    } catch (const SQLite::Exception& error) {
        impl_->fail(error);
    }
}

void Storage::store_offset(const std::string& group, std::int64_t partition, std::int64_t offset) {
    try {
        auto& statement = *impl_->store_offset;
        statement.bindNoCopy(1, group);
        statement.bind(2, partition);
        statement.bind(3, offset);
        impl_->run(statement);
    } catch (const SQLite::Exception& error) {
        impl_->fail(error);
    }
}

std::optional<StoredTopic> Storage::create_topic(const std::string& name, const TopicOptions& options) {
    auto& database = *impl_->database;
    try {
        SQLite::Statement insert(database,
                                 "INSERT INTO topics (name, partitions, replication_factor, retention_ms, "
                                 "retention_bytes) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING");
        insert.bind(1, name);
        insert.bind(2, options.partitions);
        insert.bind(3, options.replication_factor);
        insert.bind(4, static_cast<std::int64_t>(options.retention.count()));
        insert.bind(5, options.retention_bytes);
        if (insert.exec() == 0) return std::nullopt;
        const std::int64_t topic = database.getLastInsertRowid();
        StoredTopic made{name, options, {}};
        SQLite::Statement add(database, "INSERT INTO partitions (topic, number) VALUES (?, ?)");
        for (int number = 0; number < options.partitions; ++number) {
            add.bind(1, topic);
            add.bind(2, number);
            add.exec();
            add.reset();
            made.partitions.push_back({database.getLastInsertRowid(), 0, 0, 0});
        }
        if (made.partitions.back().id > max_partition_id) throw StorageError("too many partitions", false);
        return made;
    } catch (const SQLite::Exception& error) {
        impl_->fail(error);
    }
}

void Storage::remove_before(std::int64_t partition, std::int64_t from, std::int64_t start) {
    auto& database = *impl_->database;
    try {
        SQLite::Statement note(database,
                               "UPDATE partitions SET log_start = ?, log_start_bytes = coalesce((SELECT bytes "
                               "FROM records WHERE id = ?), log_start_bytes) WHERE id = ? AND log_start < ?");
        note.bind(1, start);
        note.bind(2, record_id(partition, start - 1));
        note.bind(3, partition);
        note.bind(4, start);  // retention and an operator can both be at it
        note.exec();
        SQLite::Statement remove(database, "DELETE FROM records WHERE id >= ? AND id < ?");
        remove.bind(1, record_id(partition, from));
        remove.bind(2, record_id(partition, start));
        remove.exec();
    } catch (const SQLite::Exception& error) {
        impl_->fail(error);
    }
}

int Storage::log_pages() const noexcept {
    return impl_->log_pages;
}

void Storage::checkpoint() {
    // Busy: the housekeeper is at it. Everything else shows at the next write.
    sqlite3_wal_checkpoint_v2(impl_->database->getHandle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

std::int64_t stored_size(const Record& record) noexcept {
    const std::size_t size = size_in_bytes(record) + 2 * record.headers.size();
    return static_cast<std::int64_t>(size);
}

}  // namespace nearline::stream::embedded
