#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "archive/mongo.hpp"
#include "archive/mongo_client.hpp"
#include "domain/problem.hpp"

namespace nearline::archive {
namespace {

std::string text_of(const bson_iter_t& place) {
    if (!BSON_ITER_HOLDS_UTF8(&place)) return "";
    std::uint32_t length = 0;
    const char* text = bson_iter_utf8(&place, &length);
    return {text, length};
}

/// The features are what comes before "status", as on the topic.
ArchivedPrediction to_entry(const bson_t* document) {
    ArchivedPrediction entry;
    auto& prediction = entry.prediction;
    bool before_status = true;
    bson_iter_t each;
    if (!bson_iter_init(&each, document)) throw std::runtime_error("the archive gave something that is no document");
    while (bson_iter_next(&each)) {
        const std::string_view key = bson_iter_key(&each);
        if (key == "_id") {
            entry.id = Uuid::parse(text_of(each)).value_or(Uuid());
        } else if (key == "status") {
            before_status = false;
            prediction.status = static_cast<int>(bson_iter_as_int64(&each));
        } else if (before_status) {
            const bool is_null = BSON_ITER_HOLDS_NULL(&each);
            prediction.features.push_back(
                {std::string(key), is_null ? std::nullopt : std::optional(bson_iter_as_double(&each))});
        } else if (key == "model_id") {
            prediction.model_id = text_of(each);
        } else if (key == "prediction") {
            if (BSON_ITER_HOLDS_UTF8(&each)) prediction.prediction = text_of(each);
        } else if (key == "model_type") {
            prediction.model_type = text_of(each);
        } else if (key == "created_at") {
            prediction.created_at = text_of(each);
        } else if (key == "message") {
            prediction.message = text_of(each);
        } else if (key == "user") {
            entry.user = Uuid::parse(text_of(each));
        } else if (key == "body_digest") {
            entry.body_digest = text_of(each);
        }
    }
    return entry;
}

class MongoReader final : public PredictionReader {
public:
    /// Somebody waits for what it reads.
    explicit MongoReader(const Options& options)
        : pool_(options, {.server_selection_ms = 2'000, .connect_ms = 2'000, .socket_ms = 5'000}),
          keep_(options.keep) {}

    std::optional<ArchivedPrediction> find(const Uuid& id) override {
        const BsonPtr filter(BCON_NEW("_id", BCON_UTF8(id.to_string().c_str()), "recorded_at", "{", "$gte",
                                      BCON_DATE_TIME(oldest()), "}"));
        auto found = query(filter.get(), nullptr);
        if (found.empty()) return std::nullopt;
        return std::move(found.front());
    }

    std::vector<ArchivedPrediction> list(const Uuid& user, int limit, const std::optional<PageCursor>& after) override {
        const BsonPtr options(BCON_NEW("sort", "{", "created_at", BCON_INT32(-1), "_id", BCON_INT32(-1), "}", "limit",
                                       BCON_INT64(limit)));
        const auto id = user.to_string();
        if (!after) {
            const BsonPtr filter(BCON_NEW("user", BCON_UTF8(id.c_str()), "status", BCON_INT32(200), "recorded_at", "{",
                                          "$gte", BCON_DATE_TIME(oldest()), "}"));
            return query(filter.get(), options.get());
        }
        const auto last = after->id.to_string();
        const BsonPtr filter(BCON_NEW("user", BCON_UTF8(id.c_str()), "status", BCON_INT32(200), "recorded_at", "{",
                                      "$gte", BCON_DATE_TIME(oldest()), "}", "$or", "[", "{", "created_at", "{", "$lt",
                                      BCON_UTF8(after->created_at.c_str()), "}", "}", "{", "created_at",
                                      BCON_UTF8(after->created_at.c_str()), "_id", "{", "$lt", BCON_UTF8(last.c_str()),
                                      "}", "}", "]"));
        return query(filter.get(), options.get());
    }

private:
    std::vector<ArchivedPrediction> query(const bson_t* filter, const bson_t* options) {
        const MongoPool::Lease lease(pool_);
        const auto collection = lease.predictions();
        const CursorPtr cursor(mongoc_collection_find_with_opts(collection.get(), filter, options, nullptr));
        std::vector<ArchivedPrediction> found;
        const bson_t* document = nullptr;
        for (std::size_t bytes = 0; mongoc_cursor_next(cursor.get(), &document); bytes += size_in_bytes(found.back())) {
            found.push_back(to_entry(document));
            if (bytes >= most_page_bytes) break;
        }
        bson_error_t error{};
        if (mongoc_cursor_error(cursor.get(), &error)) pool_.unavailable(error);
        return found;
    }

    /// A date that MongoDB can have: without a retention the year 0, where created_at begins, is early enough.
    std::int64_t oldest() const {
        constexpr std::int64_t year_0 = -62'167'219'200'000;
        return std::max(oldest_kept(keep_), year_0);
    }

    MongoPool pool_;
    const Retention keep_;
};

}  // namespace

std::unique_ptr<PredictionReader> make_mongo_reader(const Options& options) {
    return std::make_unique<MongoReader>(options);
}

}  // namespace nearline::archive
