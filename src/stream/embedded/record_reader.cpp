#include "stream/embedded/record_reader.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "domain/problem.hpp"
#include "store/sqlite.hpp"
#include "stream/embedded/header_codec.hpp"
#include "stream/embedded/record_id.hpp"

namespace nearline::stream::embedded {
namespace {

constexpr std::size_t most_idle = 4;

std::optional<std::string> blob(const SQLite::Column& column) {
    if (column.isNull()) return std::nullopt;
    // An empty blob has no address.
    if (column.getBytes() == 0) return std::string();
    return std::string(static_cast<const char*>(column.getBlob()), static_cast<std::size_t>(column.getBytes()));
}

// A statement that a read has to leave behind without a row under it: an open one would hold back checkpoints.
class Running {
public:
    Running(SQLite::Statement& statement, std::int64_t partition, std::int64_t from, std::int64_t to)
        : statement_(statement) {
        statement_.bind(1, record_id(partition, from));
        statement_.bind(2, record_id(partition, to));
    }
    ~Running() { statement_.tryReset(); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

private:
    SQLite::Statement& statement_;
};

}  // namespace

class RecordReader::Connection {
public:
    explicit Connection(const std::string& path)
        : database(open(path)),
          read(*database,
               "SELECT id, timestamp, headers, key, value FROM records WHERE id >= ? AND id < ? ORDER BY id "
               "LIMIT ?"),
          scan(*database, "SELECT id, timestamp, bytes FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"),
          offset_at(*database,
                    "SELECT id FROM records WHERE id >= ? AND id < ? AND timestamp >= ? ORDER BY id LIMIT 1") {}

    static std::unique_ptr<SQLite::Database> open(const std::string& path) {
        store::SqliteOptions options;
        options.read_only = true;
        auto database = store::open_sqlite(path, options);
        database->exec("PRAGMA cache_size = -256");  // KiB: each record is read about once
        return database;
    }

    std::unique_ptr<SQLite::Database> database;
    SQLite::Statement read;
    SQLite::Statement scan;
    SQLite::Statement offset_at;
};

class RecordReader::Loan {
public:
    explicit Loan(RecordReader& owner) : owner_(owner) {
        {
            const std::scoped_lock lock(owner_.mutex_);
            if (!owner_.idle_.empty()) {
                connection_ = std::move(owner_.idle_.back());
                owner_.idle_.pop_back();
                return;
            }
        }
        connection_ = std::make_unique<Connection>(owner_.path_);
    }
    ~Loan() {
        const std::scoped_lock lock(owner_.mutex_);
        if (owner_.idle_.size() < most_idle) owner_.idle_.push_back(std::move(connection_));
    }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;

    Connection* operator->() const noexcept { return connection_.get(); }

private:
    RecordReader& owner_;
    std::unique_ptr<Connection> connection_;
};

RecordReader::RecordReader(std::string path) : path_(std::move(path)) {}
RecordReader::~RecordReader() = default;

void RecordReader::close_idle() {
    const std::lock_guard lock(mutex_);
    idle_.clear();
}

std::vector<RecordReader::Offset> RecordReader::read(std::int64_t partition, std::int64_t from, std::int64_t to,
                                                     std::size_t most, std::size_t most_bytes) {
    try {
        const Loan connection(*this);
        auto& statement = connection->read;
        const Running running(statement, partition, from, to);
        statement.bind(3, static_cast<std::int64_t>(most));
        std::vector<Offset> found;
        std::size_t bytes = 0;
        while (bytes < most_bytes && statement.executeStep()) {
            auto& next = found.emplace_back();
            next.value = offset_of(statement.getColumn(0).getInt64());
            next.record.timestamp = statement.getColumn(1).getInt64();
            const auto headers = blob(statement.getColumn(2));
            auto decoded = decode_headers(headers ? *headers : std::string());
            if (!decoded) throw Unavailable("embedded log " + path_ + ": broken headers of a record");
            next.record.headers = std::move(*decoded);
            next.record.key = blob(statement.getColumn(3));
            next.record.value = blob(statement.getColumn(4));
            bytes += (headers ? headers->size() : 0) + (next.record.key ? next.record.key->size() : 0) +
                     (next.record.value ? next.record.value->size() : 0) + sizeof(Record);
        }
        return found;
    } catch (const std::runtime_error& error) {  // SQLite::Exception is one
        throw Unavailable("embedded log " + path_ + ": " + error.what());
    }
}

std::vector<RecordInfo> RecordReader::scan(std::int64_t partition, std::int64_t from, std::int64_t to,
                                           std::size_t most) {
    try {
        const Loan connection(*this);
        auto& statement = connection->scan;
        const Running running(statement, partition, from, to);
        statement.bind(3, static_cast<std::int64_t>(most));
        std::vector<RecordInfo> found;
        while (statement.executeStep()) {
            found.push_back({offset_of(statement.getColumn(0).getInt64()), statement.getColumn(1).getInt64(),
                             statement.getColumn(2).getInt64()});
        }
        return found;
    } catch (const std::runtime_error& error) {
        throw Unavailable("embedded log " + path_ + ": " + error.what());
    }
}

std::int64_t RecordReader::offset_at(std::int64_t partition, std::int64_t from, std::int64_t to,
                                     std::int64_t timestamp) {
    try {
        const Loan connection(*this);
        auto& statement = connection->offset_at;
        const Running running(statement, partition, from, to);
        statement.bind(3, timestamp);
        return statement.executeStep() ? offset_of(statement.getColumn(0).getInt64()) : to;
    } catch (const std::runtime_error& error) {
        throw Unavailable("embedded log " + path_ + ": " + error.what());
    }
}

}  // namespace nearline::stream::embedded
