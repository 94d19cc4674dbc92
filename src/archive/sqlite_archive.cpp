#include "archive/sqlite_archive.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <mutex>
#include <sqlite3.h>
#include <stdexcept>
#include <utility>

#include "domain/problem.hpp"
#include "store/sqlite.hpp"

namespace nearline::archive {
namespace {

const std::vector<store::Migration> migrations = {
    {1, "predictions",
     // A table with row ids: random keys would scatter the rows themselves over the file.
     "CREATE TABLE predictions ("
     "  id BLOB NOT NULL UNIQUE,"
     "  user BLOB,"
     "  status INTEGER NOT NULL,"
     "  created_at TEXT NOT NULL,"
     "  prediction TEXT NOT NULL,"  // the answer's JSON, as POST /predict gives it
     "  body_digest TEXT,"
     "  topic TEXT NOT NULL,"
     "  partition INTEGER NOT NULL,"
     "  log_offset INTEGER NOT NULL,"
     "  recorded_at INTEGER NOT NULL"
     ");"
     "CREATE INDEX predictions_of_user ON predictions (user, created_at, id) WHERE status = 200"},
};

constexpr auto insert_or_replace_failure =
    "INSERT INTO predictions (id, user, status, created_at, prediction, body_digest, topic, partition, log_offset, "
    "recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET user = excluded.user, status = excluded.status, created_at = excluded.created_at, "
    "prediction = excluded.prediction, body_digest = excluded.body_digest, topic = excluded.topic, "
    "partition = excluded.partition, log_offset = excluded.log_offset, recorded_at = excluded.recorded_at "
    "WHERE excluded.status = 200 AND predictions.status <> 200";

void bind_uuid(SQLite::Statement& statement, int place, const std::optional<Uuid>& id) {
    if (id) {
        statement.bind(place, id->bytes().data(), static_cast<int>(id->bytes().size()));
    } else {
        statement.bind(place);
    }
}

bool concerns_the_document(const SQLite::Exception& error) {
    return error.getErrorCode() == SQLITE_TOOBIG || error.getErrorCode() == SQLITE_CONSTRAINT;
}

/// A backlog touches pages of the ids' index all over the file, and every checkpoint writes them back.
void tune(SQLite::Database& database) {
    try {
        database.exec("PRAGMA cache_size = -8192");         // KiB
        database.exec("PRAGMA wal_autocheckpoint = 4000");  // pages of 4 KiB
    } catch (const SQLite::Exception& error) {
        store::throw_sqlite(database, error);
    }
}

class SqliteArchive final : public ArchiveStore {
public:
    SqliteArchive(std::string file, Retention keep) : file_(std::move(file)), keep_(keep) {}

    std::string dependency() const override { return "archive database"; }

    void prepare() override {
        const std::scoped_lock lock(mutex_);
        if (insert_) return;
        auto database = store::open_sqlite(file_);
        tune(*database);
        store::migrate(*database, "archive", migrations);
        try {
            // Only a sweep needs it, and it costs every write something.
            database->exec(keep_ ? "CREATE INDEX IF NOT EXISTS predictions_by_time ON predictions (recorded_at)"
                                 : "DROP INDEX IF EXISTS predictions_by_time");
            database_ = std::move(database);
            insert_.emplace(*database_, insert_or_replace_failure);
        } catch (const SQLite::Exception& error) {
            store::throw_sqlite(database_ ? *database_ : *database, error);
        }
    }

    std::vector<Refused> write(std::span<const Document> batch) override {
        const std::scoped_lock lock(mutex_);
        require_prepared();
        std::vector<Refused> refused;
        try {
            SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
            for (std::size_t i = 0; i < batch.size(); ++i) insert(batch[i], i, refused);
            transaction.commit();
        } catch (const SQLite::Exception& error) {
            insert_->tryReset();
            store::throw_sqlite(*database_, error);
        }
        return refused;
    }

    std::size_t sweep(std::size_t most) override {
        if (!keep_) return 0;
        const std::scoped_lock lock(mutex_);
        require_prepared();
        try {
            SQLite::Statement remove(*database_,
                                     "DELETE FROM predictions WHERE rowid IN (SELECT rowid FROM predictions "
                                     "WHERE recorded_at < ? ORDER BY recorded_at LIMIT ?)");
            remove.bind(1, oldest_kept(keep_));
            remove.bind(2, static_cast<std::int64_t>(most));
            return static_cast<std::size_t>(remove.exec());
        } catch (const SQLite::Exception& error) {
            store::throw_sqlite(*database_, error);
        }
    }

private:
    void require_prepared() const {
        if (!insert_) throw Unavailable("SQLite database " + file_ + " is not open yet");
    }

    void insert(const Document& document, std::size_t index, std::vector<Refused>& refused) {
        const auto& entry = document.entry;
        auto& statement = *insert_;
        bind_uuid(statement, 1, entry.id);
        bind_uuid(statement, 2, entry.user);
        statement.bind(3, entry.prediction.status);
        statement.bind(4, entry.prediction.created_at);
        statement.bind(5, to_json(entry.prediction));
        if (entry.body_digest.empty()) {
            statement.bind(6);
        } else {
            statement.bind(6, entry.body_digest);
        }
        statement.bind(7, document.at.topic);
        statement.bind(8, document.at.partition);
        statement.bind(9, document.offset);
        statement.bind(10, document.timestamp);
        try {
            statement.exec();
        } catch (const SQLite::Exception& error) {
            if (!concerns_the_document(error)) throw;
            refused.push_back({index, error.what()});
        }
        statement.reset();
    }

    const std::string file_;
    const Retention keep_;
    std::mutex mutex_;
    std::unique_ptr<SQLite::Database> database_;
    std::optional<SQLite::Statement> insert_;
};

}  // namespace

std::unique_ptr<ArchiveStore> make_sqlite_archive(const std::string& file, Retention keep) {
    return std::make_unique<SqliteArchive>(file, keep);
}

}  // namespace nearline::archive
