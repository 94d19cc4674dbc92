#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "archive/archive_store.hpp"
#include "domain/time.hpp"
#include "support/mongo.hpp"
#include "support/temp_dir.hpp"

namespace nearline::archive {

/// A place for an archive, and stores and readers on it: several, as several processes would have them.
class Place {
public:
    explicit Place(std::string url) : url_(std::move(url)) {}
    virtual ~Place() = default;
    std::unique_ptr<ArchiveStore> open(Retention keep = std::nullopt) {
        return make_archive_store({.url = url_, .keep = keep});
    }
    std::unique_ptr<PredictionReader> reader(Retention keep = std::nullopt) {
        return make_prediction_reader({.url = url_, .keep = keep});
    }
    const std::string& url() const { return url_; }

private:
    const std::string url_;
};

class SqlitePlace : public Place {
public:
    SqlitePlace() : SqlitePlace(std::make_unique<test::TempDir>()) {}

private:
    explicit SqlitePlace(std::unique_ptr<test::TempDir> dir)
        : Place("sqlite:" + *dir / "archive.db"), dir_(std::move(dir)) {}
    std::unique_ptr<test::TempDir> dir_;
};

class MongoPlace : public Place {
public:
    MongoPlace() : Place(test::fresh_mongo_database()) {}
};

struct Kind {
    const char* name;
    std::unique_ptr<Place> (*make)();
    friend void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }
};

inline const Kind kinds[] = {{"Sqlite", []() -> std::unique_ptr<Place> { return std::make_unique<SqlitePlace>(); }},
                             {"Mongo", []() -> std::unique_ptr<Place> { return std::make_unique<MongoPlace>(); }}};

inline std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(wall_now().time_since_epoch()).count();
}

/// A prediction of `user`, made at created_at.
inline Document prediction(const Uuid& id, const std::optional<Uuid>& user,
                           const std::string& created_at = "2026-01-02 03:04:05.678901") {
    Document document;
    document.entry = {
        .id = id,
        .user = user,
        .body_digest = std::string(64, 'a'),
        .prediction = {
            .features = {{"sepal_length", 5.2}, {"sepal_width", 3.6}, {"petal_length", 1.5}, {"petal_width", 0.3}},
            .status = 200,
            .model_id = "859add87-f9b3-5ca8-a58b-b838e4ecd3fd",
            .prediction = "setosa",
            .model_type = "LogisticRegressionModel",
            .created_at = created_at,
            .message = "Success"}};
    document.at = {"output-topic", 3};
    document.offset = 42;
    document.timestamp = now_ms();
    return document;
}

inline Document failure(const Uuid& id, const std::optional<Uuid>& user) {
    auto document = prediction(id, user);
    auto& entry = document.entry.prediction;
    entry.features[1].value.reset();
    entry.status = 422;
    entry.model_id = entry.model_type = "";
    entry.prediction.reset();
    entry.message = "sepal_width is missing: \"ü\" 🌷";
    return document;
}

}  // namespace nearline::archive
