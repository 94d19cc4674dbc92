#include <SQLiteCpp/SQLiteCpp.h>
#include <boost/json/value.hpp>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "archive/sqlite_archive.hpp"
#include "domain/json.hpp"
#include "domain/problem.hpp"
#include "store/sqlite.hpp"

namespace nearline::archive {
namespace {

constexpr auto columns = "id, user, body_digest, prediction";

std::optional<Uuid> to_uuid(const SQLite::Column& column) {
    std::array<std::uint8_t, 16> bytes{};
    if (column.isNull() || column.getBytes() != static_cast<int>(bytes.size())) return std::nullopt;
    std::memcpy(bytes.data(), column.getBlob(), bytes.size());
    return Uuid(bytes);
}

ArchivedPrediction to_entry(SQLite::Statement& row) {
    ArchivedPrediction entry;
    entry.id = to_uuid(row.getColumn(0)).value_or(Uuid());
    entry.user = to_uuid(row.getColumn(1));
    entry.body_digest = row.getColumn(2).getString();
    const auto json = parse_json(row.getColumn(3).getString());
    auto prediction = json ? prediction_from_json(*json) : Result<Prediction>(json.error());
    if (!prediction) {
        throw std::runtime_error("archived prediction " + entry.id.to_string() +
                                 " can't be read: " + prediction.error().detail);
    }
    entry.prediction = *std::move(prediction);
    return entry;
}

class SqliteReader final : public PredictionReader {
public:
    SqliteReader(std::string file, Retention keep) : file_(std::move(file)), keep_(keep) {}

    std::optional<ArchivedPrediction> find(const Uuid& id) override {
        return with_database([&](SQLite::Database& database) -> std::optional<ArchivedPrediction> {
            SQLite::Statement query(
                database, std::string("SELECT ") + columns + " FROM predictions WHERE id = ? AND recorded_at >= ?");
            query.bind(1, id.bytes().data(), static_cast<int>(id.bytes().size()));
            query.bind(2, oldest_kept(keep_));
            if (!query.executeStep()) return std::nullopt;
            return to_entry(query);
        });
    }

    std::vector<ArchivedPrediction> list(const Uuid& user, int limit, const std::optional<PageCursor>& after) override {
        return with_database([&](SQLite::Database& database) {
            SQLite::Statement query(database,
                                    std::string("SELECT ") + columns +
                                        " FROM predictions WHERE status = 200 AND user = ? AND recorded_at >= ?" +
                                        (after ? " AND (created_at, id) < (?, ?)" : "") +
                                        " ORDER BY created_at DESC, id DESC LIMIT " + std::to_string(limit));
            query.bind(1, user.bytes().data(), static_cast<int>(user.bytes().size()));
            query.bind(2, oldest_kept(keep_));
            if (after) {
                query.bind(3, after->created_at);
                query.bind(4, after->id.bytes().data(), static_cast<int>(after->id.bytes().size()));
            }
            std::vector<ArchivedPrediction> page;
            for (std::size_t bytes = 0; query.executeStep(); bytes += size_in_bytes(page.back())) {
                page.push_back(to_entry(query));
                if (bytes >= most_page_bytes) break;
            }
            return page;
        });
    }

private:
    template <class Work>
    std::invoke_result_t<Work&, SQLite::Database&> with_database(Work work) {
        const std::scoped_lock lock(mutex_);
        if (!database_) {
            if (!std::filesystem::exists(file_)) throw Unavailable("the archive " + file_ + " is not made yet");
            database_ = store::open_sqlite(file_, {.read_only = true});
        }
        try {
            return work(*database_);
        } catch (const SQLite::Exception& error) {
            // Its tables may not be there yet: the file is opened anew next time.
            const std::string why = error.what();
            database_.reset();
            throw Unavailable("the archive " + file_ + ": " + why);
        }
    }

    const std::string file_;
    const Retention keep_;
    std::mutex mutex_;
    std::unique_ptr<SQLite::Database> database_;
};

}  // namespace

std::unique_ptr<PredictionReader> make_sqlite_reader(const std::string& file, Retention keep) {
    return std::make_unique<SqliteReader>(file, keep);
}

}  // namespace nearline::archive
