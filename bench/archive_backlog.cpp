// How fast the archive works off a backlog: so many predictions on an embedded output topic, until the last is
// stored; into MongoDB beside a bare loop of libmongoc's bulk upserts of the same documents. Prints one line of
// JSON: records a second.
//
//     archive_backlog sqlite FOLDER RECORDS
//     archive_backlog mongo FOLDER RECORDS mongodb://HOST:PORT       the databases nearline_bench_* are dropped

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mongoc/mongoc.h>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "archive/service.hpp"
#include "domain/prediction.hpp"
#include "domain/time.hpp"
#include "http/request_ids.hpp"
#include "registry/embedded_registry.hpp"
#include "schema/builtin_schemas.hpp"
#include "stream/stream.hpp"

namespace {

using namespace nearline;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t bulk_size = 2'000;  // as archive-svc's batches
const Uuid user = Uuid::random();

Prediction a_prediction() {
    return {.features = {{"sepal_length", 5.2}, {"sepal_width", 3.6}, {"petal_length", 1.5}, {"petal_width", 0.3}},
            .status = 200,
            .model_id = "859add87-f9b3-5ca8-a58b-b838e4ecd3fd",
            .prediction = "setosa",
            .model_type = "LogisticRegressionModel",
            .created_at = to_created_at(wall_now()),
            .message = "Success"};
}

struct Backlog {
    int records;
    int partitions;
};

void fill(stream::Stream& stream, const schema::TopicCodec& codec, Backlog backlog) {
    stream.admin(5'000ms)->create_topic("output-topic", {});
    const auto producer = stream.producer({.delivery_timeout = 60s});
    std::atomic<int> lost = 0;
    http::RequestIds ids;  // the gateway's: neighbours in time are neighbours in the archive's index
    for (int i = 0; i < backlog.records; ++i) {
        stream::Record record;
        record.value = codec.encode(to_json(a_prediction()));
        record.headers = {
            {"request-id", ids.next().to_string()}, {"user", user.to_string()}, {"body-digest", std::string(64, 'a')}};
        producer->produce("output-topic", i / 100 % backlog.partitions, std::move(record),
                          [&](const stream::Delivery& delivery) {
                              if (delivery.outcome != stream::Delivery::Outcome::stored) ++lost;
                          });
        if (i % 10'000 == 0) producer->flush(60s);
    }
    if (!producer->flush(60s) || lost > 0) throw std::runtime_error("the backlog could not be made");
}

/// Records a second, from the start of the service to the last record's storing.
double work_off(const std::string& folder, const std::string& url, Backlog backlog) {
    Metrics metrics;
    Health health(metrics);
    registry::EmbeddedRegistry registry(folder + "/registry.db");
    schema::TopicCodec codec(registry, {.topic = "output-topic", .schema = std::string(schema::iris_output())});
    if (!codec.connect()) throw std::runtime_error("the registry refuses the schema");
    const auto stream = stream::open_embedded(folder + "/stream", {}, metrics);
    fill(*stream, codec, backlog);
    const auto store = archive::make_archive_store({.url = url});
    stream::Sink::Options sink;
    sink.role = "archive";
    sink.group = "archive";
    sink.max_batch = bulk_size;
    archive::Service service({.stream = *stream, .codec = codec, .store = *store, .metrics = metrics, .health = health},
                             {}, "schema registry", sink);
    const auto stored = metrics.counter("nearline_sink_stored_total", "", {{"role", "archive"}});
    const auto start = Clock::now();
    service.start();
    while (stored.value() < backlog.records) {
        if (Clock::now() - start > 300s) throw std::runtime_error("the backlog is not worked off after 300 s");
        std::this_thread::sleep_for(1ms);
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    service.drain(Clock::now() + 5s);
    return backlog.records / seconds;
}

void check(bool fine, const bson_error_t& error) {
    if (!fine) throw std::runtime_error(error.message);
}

/// The same documents, already made, by libmongoc alone.
double bare_bulks(mongoc_client_t* client, int records) {
    mongoc_collection_t* collection = mongoc_client_get_collection(client, "nearline_bench_bare", "predictions");
    const auto prediction = a_prediction();
    http::RequestIds ids;
    const auto start = Clock::now();
    for (int done = 0; done < records;) {
        bson_t* options = BCON_NEW("ordered", BCON_BOOL(false));
        mongoc_bulk_operation_t* bulk = mongoc_collection_create_bulk_operation_with_opts(collection, options);
        bson_error_t error{};
        for (std::size_t i = 0; i < bulk_size && done < records; ++i, ++done) {
            bson_t* filter = BCON_NEW("_id", BCON_UTF8(ids.next().to_string().c_str()));
            bson_t* update =
                BCON_NEW("$setOnInsert", "{", "sepal_length", BCON_DOUBLE(5.2), "sepal_width", BCON_DOUBLE(3.6),
                         "petal_length", BCON_DOUBLE(1.5), "petal_width", BCON_DOUBLE(0.3), "status", BCON_INT32(200),
                         "model_id", BCON_UTF8(prediction.model_id.c_str()), "prediction", BCON_UTF8("setosa"),
                         "model_type", BCON_UTF8(prediction.model_type.c_str()), "created_at",
                         BCON_UTF8(prediction.created_at.c_str()), "message", BCON_UTF8("Success"), "created_date",
                         BCON_DATE_TIME(1), "user", BCON_UTF8(user.to_string().c_str()), "body_digest",
                         BCON_UTF8(std::string(64, 'a').c_str()), "topic", BCON_UTF8("output-topic"), "partition",
                         BCON_INT32(1), "offset", BCON_INT64(1), "recorded_at", BCON_DATE_TIME(1), "}");
            bson_t* upsert = BCON_NEW("upsert", BCON_BOOL(true));
            check(mongoc_bulk_operation_update_one_with_opts(bulk, filter, update, upsert, &error), error);
            for (auto* each : {filter, update, upsert}) bson_destroy(each);
        }
        bson_t reply;
        check(mongoc_bulk_operation_execute(bulk, &reply, &error) != 0, error);
        bson_destroy(&reply);
        mongoc_bulk_operation_destroy(bulk);
        bson_destroy(options);
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    mongoc_collection_destroy(collection);
    return records / seconds;
}

/// The index that Nearline's collection has, too.
void make_index(mongoc_client_t* client) {
    mongoc_database_t* database = mongoc_client_get_database(client, "nearline_bench_bare");
    bson_t* command = BCON_NEW("createIndexes", BCON_UTF8("predictions"), "indexes", "[", "{", "key", "{", "user",
                               BCON_INT32(1), "created_at", BCON_INT32(-1), "_id", BCON_INT32(-1), "}", "name",
                               BCON_UTF8("of_user_newest_first"), "}", "]");
    bson_error_t error{};
    check(mongoc_database_write_command_with_opts(database, command, nullptr, nullptr, &error), error);
    bson_destroy(command);
    mongoc_database_destroy(database);
}

void drop(mongoc_client_t* client, const char* name) {
    mongoc_database_t* database = mongoc_client_get_database(client, name);
    bson_error_t error{};
    check(mongoc_database_drop(database, &error), error);
    mongoc_database_destroy(database);
}

void measure_mongo(const std::string& folder, int records, const std::string& url) {
    mongoc_client_t* client = mongoc_client_new(url.c_str());
    if (client == nullptr) throw std::runtime_error("no such URL: " + url);
    make_index(client);
    bare_bulks(client, records);  // warms the server up
    drop(client, "nearline_bench_bare");
    make_index(client);
    // Half before and half after: the server is slower from run to run.
    const auto before = bare_bulks(client, records / 2);
    // On one partition, so that both write in the order of the ids: the server's time hangs on that.
    const auto nearline = work_off(folder, url + "/nearline_bench_archive", {.records = records, .partitions = 1});
    const auto after = bare_bulks(client, records / 2);
    const auto bare = 2 / (1 / before + 1 / after);
    drop(client, "nearline_bench_bare");
    drop(client, "nearline_bench_archive");
    mongoc_client_destroy(client);
    std::printf("{\"bare_per_second\": %.0f, \"archive_per_second\": %.0f}\n", bare, nearline);
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const bool to_mongo = arguments.size() == 4 && arguments[0] == "mongo";
    if (!to_mongo && !(arguments.size() == 3 && arguments[0] == "sqlite")) {
        std::fprintf(stderr, "archive_backlog sqlite FOLDER RECORDS | mongo FOLDER RECORDS mongodb://HOST:PORT\n");
        return 2;
    }
    const auto& folder = arguments[1];
    const int records = std::max(1, std::atoi(arguments[2].c_str()));
    try {
        if (to_mongo) {
            measure_mongo(folder, records, arguments[3]);
        } else {
            std::printf("{\"archive_per_second\": %.0f}\n",
                        work_off(folder, "sqlite:" + folder + "/archive.db", {.records = records, .partitions = 12}));
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "archive_backlog: %s\n", error.what());
        return 1;
    }
    return 0;
}
