#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "archive/mongo.hpp"
#include "archive/mongo_client.hpp"
#include "domain/problem.hpp"
#include "domain/time.hpp"
#include "runtime/log.hpp"
#include "runtime/setting_values.hpp"

namespace nearline::archive {
namespace {

constexpr const char* expiry_index = "recorded_at_expiry";

/// What a server says of one document, whatever its own state is (MongoDB's error_codes.yml); all else can
/// pass, or has to be mended by people, while the documents wait.
constexpr std::array document_errors{
    2,      // BadValue
    9,      // FailedToParse
    14,     // TypeMismatch
    52,     // DollarPrefixedFieldName
    121,    // DocumentValidationFailure
    10334,  // BSONObjectTooLarge
    17280,  // KeyTooLong
    17419,  // the updated document would be too large
    17420,  // likewise
};

constexpr int duplicate_key = 11000;

bool concerns_the_document(int code) {
    return std::find(document_errors.begin(), document_errors.end(), code) != document_errors.end();
}

void append_text(bson_t* bson, const char* key, const std::string& text) {
    bson_append_utf8(bson, key, -1, text.data(), static_cast<int>(text.size()));
}

void append_text_or_null(bson_t* bson, const char* key, const std::string& text) {
    if (text.empty()) {
        bson_append_null(bson, key, -1);
    } else {
        append_text(bson, key, text);
    }
}

void append_prediction(bson_t* bson, const Prediction& prediction) {
    for (const auto& feature : prediction.features) {
        const int length = static_cast<int>(feature.name.size());
        if (feature.value) {
            bson_append_double(bson, feature.name.data(), length, *feature.value);
        } else {
            bson_append_null(bson, feature.name.data(), length);
        }
    }
    bson_append_int32(bson, "status", -1, prediction.status);
    append_text_or_null(bson, "model_id", prediction.model_id);
    if (prediction.prediction) {
        append_text(bson, "prediction", *prediction.prediction);
    } else {
        bson_append_null(bson, "prediction", -1);
    }
    append_text_or_null(bson, "model_type", prediction.model_type);
    append_text(bson, "created_at", prediction.created_at);
    append_text(bson, "message", prediction.message);
}

/// All but _id, which comes from the filter.
void append_document(bson_t* bson, const Document& document) {
    const auto& entry = document.entry;
    append_prediction(bson, entry.prediction);
    if (const auto created = parse_created_at(entry.prediction.created_at)) {
        const auto since = std::chrono::floor<std::chrono::milliseconds>(created->time_since_epoch());
        bson_append_date_time(bson, "created_date", -1, since.count());
    } else {
        bson_append_null(bson, "created_date", -1);
    }
    append_text_or_null(bson, "user", entry.user ? entry.user->to_string() : "");
    append_text_or_null(bson, "body_digest", entry.body_digest);
    append_text(bson, "topic", document.at.topic);
    bson_append_int32(bson, "partition", -1, document.at.partition);
    bson_append_int64(bson, "offset", -1, document.offset);
    bson_append_date_time(bson, "recorded_at", -1, document.timestamp);
}

/// {"<name>": <the document>}
void append_update(bson_t* bson, const char* name, const Document& document) {
    bson_t inner;
    bson_append_document_begin(bson, name, -1, &inner);
    append_document(&inner, document);
    bson_append_document_end(bson, &inner);
}

/// What one bulk write came to, by positions in the batch.
struct BulkOutcome {
    std::vector<std::size_t> upserted{};
    std::vector<ArchiveStore::Refused> refused{};
    std::vector<ArchiveStore::Refused> duplicates{};  // that break a unique index, of _id or another

    void add(BulkOutcome other) {
        upserted.insert(upserted.end(), other.upserted.begin(), other.upserted.end());
        std::move(other.refused.begin(), other.refused.end(), std::back_inserter(refused));
        std::move(other.duplicates.begin(), other.duplicates.end(), std::back_inserter(duplicates));
    }
};

/// libmongoc sends no document that is larger than the server takes; nothing else in a bulk write fails so.
bool is_too_large_to_send(const bson_error_t& error) {
    return error.domain == MONGOC_ERROR_BSON && error.code == MONGOC_ERROR_BSON_INVALID;
}

void for_each_in(const bson_t* reply, const char* array, const std::function<void(bson_iter_t)>& visit) {
    bson_iter_t place;
    if (!bson_iter_init_find(&place, reply, array) || !BSON_ITER_HOLDS_ARRAY(&place)) return;
    bson_iter_t each;
    bson_iter_recurse(&place, &each);
    while (bson_iter_next(&each)) {
        bson_iter_t members;
        if (BSON_ITER_HOLDS_DOCUMENT(&each) && bson_iter_recurse(&each, &members)) visit(members);
    }
}

std::size_t index_of(bson_iter_t members) {
    return bson_iter_find(&members, "index") ? static_cast<std::size_t>(bson_iter_as_int64(&members)) : 0;
}

std::pair<int, std::string> code_and_words(bson_iter_t members) {
    bson_iter_t code = members;
    bson_iter_t words = members;
    return {bson_iter_find(&code, "code") ? static_cast<int>(bson_iter_as_int64(&code)) : 0,
            bson_iter_find(&words, "errmsg") && BSON_ITER_HOLDS_UTF8(&words) ? bson_iter_utf8(&words, nullptr) : ""};
}

class MongoArchive final : public ArchiveStore {
public:
    explicit MongoArchive(const Options& options) : pool_(options, {}), keep_(options.keep) {}

    std::string dependency() const override { return "mongodb"; }

    void prepare() override {
        const MongoPool::Lease lease(pool_);
        make_indexes(lease);
        set_expiry(lease);
    }

    std::vector<Refused> write(std::span<const Document> batch) override {
        const MongoPool::Lease lease(pool_);
        const auto collection = lease.predictions();
        std::vector<std::size_t> all(batch.size());
        std::iota(all.begin(), all.end(), 0U);
        auto inserted = store(collection.get(), batch, all, insert_if_absent);
        auto refused = std::move(inserted.refused);
        std::vector<bool> is_done(batch.size(), false);
        for (const auto index : inserted.upserted) is_done.at(index) = true;
        for (const auto& each : refused) is_done.at(each.index) = true;
        // Whatever was there already stays, unless it is a failure and this is the prediction.
        std::vector<std::size_t> rest;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (!is_done[i] && batch[i].entry.prediction.status == 200) rest.push_back(i);
        }
        leave_out_predictions(collection.get(), batch, rest);
        auto replaced = store(collection.get(), batch, rest, replace_failure);
        std::move(replaced.refused.begin(), replaced.refused.end(), std::back_inserter(refused));
        return refused;
    }

    /// MongoDB's own TTL monitor does that.
    std::size_t sweep(std::size_t /*most*/) override { return 0; }

private:
    static BulkPtr unordered(mongoc_collection_t* collection) {
        Bson options;
        bson_append_bool(options.get(), "ordered", -1, false);
        return BulkPtr(mongoc_collection_create_bulk_operation_with_opts(collection, options.get()));
    }

    /// Adds to a bulk what stores one document.
    using Step = void (*)(mongoc_bulk_operation_t*, const Document&);

    static void insert_if_absent(mongoc_bulk_operation_t* bulk, const Document& document) {
        Bson options;
        bson_append_bool(options.get(), "upsert", -1, true);
        Bson filter;
        append_text(filter.get(), "_id", document.entry.id.to_string());
        Bson update;
        append_update(update.get(), "$setOnInsert", document);
        add(bulk, filter, update, options);
    }

    static void replace_failure(mongoc_bulk_operation_t* bulk, const Document& document) {
        const Bson options;
        Bson filter;
        append_text(filter.get(), "_id", document.entry.id.to_string());
        bson_t not_a_prediction;
        bson_append_document_begin(filter.get(), "status", -1, &not_a_prediction);
        bson_append_int32(&not_a_prediction, "$ne", -1, 200);
        bson_append_document_end(filter.get(), &not_a_prediction);
        Bson update;
        append_update(update.get(), "$set", document);
        add(bulk, filter, update, options);
    }

    /// Leaves out of `which` what is archived as a prediction. A replay is full of that: to ask once costs less than
    /// an update of each that changes nothing.
    void leave_out_predictions(mongoc_collection_t* collection, std::span<const Document> batch,
                               std::vector<std::size_t>& which) {
        if (which.empty()) return;
        Bson filter;
        bson_t id;
        bson_t among;
        bson_append_document_begin(filter.get(), "_id", -1, &id);
        bson_append_array_begin(&id, "$in", -1, &among);
        for (std::size_t i = 0; i < which.size(); ++i)
            append_text(&among, std::to_string(i).c_str(), batch[which[i]].entry.id.to_string());
        bson_append_array_end(&id, &among);
        bson_append_document_end(filter.get(), &id);
        const BsonPtr options(BCON_NEW("projection", "{", "status", BCON_INT32(1), "}"));
        // A secondary that the URL may ask for need not know yet.
        const ReadPreferencePtr primary(mongoc_read_prefs_new(MONGOC_READ_PRIMARY));
        const CursorPtr cursor(
            mongoc_collection_find_with_opts(collection, filter.get(), options.get(), primary.get()));
        std::set<std::string> predicted;
        for (const bson_t* document = nullptr; mongoc_cursor_next(cursor.get(), &document);) {
            bson_iter_t status;
            bson_iter_t key;
            if (bson_iter_init_find(&status, document, "status") && bson_iter_as_int64(&status) == 200 &&
                bson_iter_init_find(&key, document, "_id") && BSON_ITER_HOLDS_UTF8(&key))
                predicted.emplace(bson_iter_utf8(&key, nullptr));
        }
        bson_error_t error{};
        if (mongoc_cursor_error(cursor.get(), &error)) pool_.unavailable(error);
        std::erase_if(which, [&](std::size_t index) { return predicted.contains(batch[index].entry.id.to_string()); });
    }

    static void add(mongoc_bulk_operation_t* bulk, const Bson& filter, const Bson& update, const Bson& options) {
        bson_error_t error{};
        // Fails for what is no BSON at all, which a prediction that passed its schema is not.
        if (!mongoc_bulk_operation_update_one_with_opts(bulk, filter.get(), update.get(), options.get(), &error))
            throw std::runtime_error(std::string("libmongoc takes no such document: ") + error.message);
    }

    /// Of two that insert the same _id at once one is told of a duplicate key, and so is, each time, what breaks a
    /// unique index that somebody else made. Servers don't name the index alike: who is told so again, with the _id
    /// there by now, is refused for itself.
    BulkOutcome store(mongoc_collection_t* collection, std::span<const Document> batch,
                      std::span<const std::size_t> which, Step step) const {
        auto outcome = run_bulk(collection, batch, which, step);
        std::vector<std::size_t> again;
        for (const auto& each : std::exchange(outcome.duplicates, {})) again.push_back(each.index);
        auto repeated = run_bulk(collection, batch, again, step);
        std::move(repeated.duplicates.begin(), repeated.duplicates.end(), std::back_inserter(repeated.refused));
        repeated.duplicates.clear();
        outcome.add(std::move(repeated));
        return outcome;
    }

    BulkOutcome run_bulk(mongoc_collection_t* collection, std::span<const Document> batch,
                         std::span<const std::size_t> which, Step step) const {
        if (which.empty()) return {};
        const auto bulk = unordered(collection);
        for (const auto index : which) step(bulk.get(), batch[index]);
        Bson reply;
        bson_error_t error{};
        const bool fine = mongoc_bulk_operation_execute(bulk.get(), reply.get(), &error) != 0;
        if (!fine && is_too_large_to_send(error)) return run_halves(collection, batch, which, step, error);
        return read_reply(reply, fine, error, which);
    }

    /// libmongoc sends nothing that follows a document which is too large, and says not which that is but in its
    /// words: halves, and halves of those, find it out. What has been sent already is not changed by that.
    BulkOutcome run_halves(mongoc_collection_t* collection, std::span<const Document> batch,
                           std::span<const std::size_t> which, Step step, const bson_error_t& error) const {
        if (which.size() == 1) return {.refused = {{which.front(), error.message}}};
        auto outcome = run_bulk(collection, batch, which.first(which.size() / 2), step);
        outcome.add(run_bulk(collection, batch, which.subspan(which.size() / 2), step));
        return outcome;
    }

    BulkOutcome read_reply(const Bson& reply, bool fine, const bson_error_t& error,
                           std::span<const std::size_t> which) const {
        BulkOutcome outcome;
        for_each_in(reply.get(), "upserted",
                    [&](bson_iter_t each) { outcome.upserted.push_back(which[index_of(each)]); });
        bool others = false;
        for_each_in(reply.get(), "writeErrors", [&](bson_iter_t each) {
            const auto [code, words] = code_and_words(each);
            if (code == duplicate_key) {
                outcome.duplicates.push_back({which[index_of(each)], words});
            } else if (concerns_the_document(code)) {
                outcome.refused.push_back({which[index_of(each)], words});
            } else {
                others = true;
            }
        });
        bson_iter_t concern;
        const bool not_replicated = bson_iter_init_find(&concern, reply.get(), "writeConcernErrors");
        const bool none = outcome.refused.empty() && outcome.duplicates.empty();
        if (!fine && (others || not_replicated || none)) pool_.unavailable(error);
        return outcome;
    }

    void run(const MongoPool::Lease& lease, const bson_t* command) const {
        const auto database = lease.database();
        bson_error_t error{};
        Bson reply;
        const bool fine =
            mongoc_database_write_command_with_opts(database.get(), command, nullptr, reply.get(), &error);
        if (!fine) pool_.unavailable(error);
    }

    void make_indexes(const MongoPool::Lease& lease) const {
        const BsonPtr command(BCON_NEW("createIndexes", BCON_UTF8("predictions"), "indexes", "[", "{", "key", "{",
                                       "user", BCON_INT32(1), "created_at", BCON_INT32(-1), "_id", BCON_INT32(-1), "}",
                                       "name", BCON_UTF8("of_user_newest_first"), "}", "]"));
        run(lease, command.get());
    }

    static std::string to_text(const std::optional<std::int64_t>& seconds) {
        if (!seconds) return "for ever";
        return setting_values::format_duration(std::chrono::seconds(*seconds));
    }

    /// An index can't be changed by making it again: it is dropped where it says another time.
    void set_expiry(const MongoPool::Lease& lease) const {
        const auto present = present_expiry(lease);
        const auto wanted = keep_ ? std::optional<std::int64_t>(std::chrono::seconds(*keep_).count()) : std::nullopt;
        if (present == wanted) return;
        if (present || has_documents(lease)) {
            // Two archivers that are told different things would do this in turn, each at its start.
            log::warning("the archive had another retention; who starts last decides, so give all the same --keep-days",
                         {{"before", to_text(present)}, {"now", to_text(wanted)}});
        }
        if (present) {
            const BsonPtr drop(BCON_NEW("dropIndexes", BCON_UTF8("predictions"), "index", BCON_UTF8(expiry_index)));
            run(lease, drop.get());
        }
        if (!wanted) return;
        const BsonPtr make(BCON_NEW("createIndexes", BCON_UTF8("predictions"), "indexes", "[", "{", "key", "{",
                                    "recorded_at", BCON_INT32(1), "}", "name", BCON_UTF8(expiry_index),
                                    "expireAfterSeconds", BCON_INT64(*wanted), "}", "]"));
        run(lease, make.get());
    }

    bool has_documents(const MongoPool::Lease& lease) const {
        const auto collection = lease.predictions();
        bson_error_t error{};
        const auto count =
            mongoc_collection_estimated_document_count(collection.get(), nullptr, nullptr, nullptr, &error);
        if (count < 0) pool_.unavailable(error);
        return count > 0;
    }

    std::optional<std::int64_t> present_expiry(const MongoPool::Lease& lease) const {
        const auto collection = lease.predictions();
        const CursorPtr cursor(mongoc_collection_find_indexes_with_opts(collection.get(), nullptr));
        const bson_t* index = nullptr;
        while (mongoc_cursor_next(cursor.get(), &index)) {
            bson_iter_t name;
            bson_iter_t seconds;
            if (bson_iter_init_find(&name, index, "name") && BSON_ITER_HOLDS_UTF8(&name) &&
                std::string_view(bson_iter_utf8(&name, nullptr)) == expiry_index) {
                if (!bson_iter_init_find(&seconds, index, "expireAfterSeconds")) return 0;
                return bson_iter_as_int64(&seconds);
            }
        }
        bson_error_t error{};
        if (mongoc_cursor_error(cursor.get(), &error)) pool_.unavailable(error);
        return std::nullopt;
    }

    mutable MongoPool pool_;
    const Retention keep_;
};

}  // namespace

std::unique_ptr<ArchiveStore> make_mongo_archive(const Options& options) {
    return std::make_unique<MongoArchive>(options);
}

}  // namespace nearline::archive
