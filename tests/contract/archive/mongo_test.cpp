// What only the archive in MongoDB has: documents for others to read, an expiry index, a server that goes away.

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

#include "archive/mongo_client.hpp"
#include "domain/problem.hpp"
#include "places.hpp"
#include "support/once_available.hpp"

namespace nearline::archive {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// The one document with this id, as the server has it, in extended JSON.
std::string document_in(const std::string& url, const Uuid& id) {
    MongoPool pool({.url = url}, {});
    const MongoPool::Lease lease(pool);
    const auto collection = lease.predictions();
    const BsonPtr filter(BCON_NEW("_id", BCON_UTF8(id.to_string().c_str())));
    const CursorPtr cursor(mongoc_collection_find_with_opts(collection.get(), filter.get(), nullptr, nullptr));
    const bson_t* document = nullptr;
    if (!mongoc_cursor_next(cursor.get(), &document)) return "";
    char* const text = bson_as_relaxed_extended_json(document, nullptr);
    std::string copy = text;
    bson_free(text);
    return copy;
}

/// Of the expiry index; -1: there is none.
std::int64_t expiry_in(const std::string& url) {
    MongoPool pool({.url = url}, {});
    const MongoPool::Lease lease(pool);
    const auto collection = lease.predictions();
    const CursorPtr cursor(mongoc_collection_find_indexes_with_opts(collection.get(), nullptr));
    const bson_t* index = nullptr;
    std::int64_t found = -1;
    while (mongoc_cursor_next(cursor.get(), &index)) {
        bson_iter_t seconds;
        if (bson_iter_init_find(&seconds, index, "expireAfterSeconds")) found = bson_iter_as_int64(&seconds);
    }
    return found;
}

TEST(MongoArchive, WritesDocumentsThatOthersCanRead) {
    MongoPlace place;
    const auto store = place.open();
    store->prepare();
    auto document = prediction(Uuid::random(), Uuid::random());
    document.timestamp = 1'700'000'000'123;
    ASSERT_TRUE(store->write(std::vector{document}).empty());
    const auto text = document_in(place.url(), document.entry.id);
    for (const auto& part :
         {"\"_id\" : \"" + document.entry.id.to_string() + "\"", std::string("\"sepal_length\" : 5.2"),
          std::string("\"status\" : 200"), std::string("\"created_at\" : \"2026-01-02 03:04:05.678901\""),
          std::string("\"created_date\" : { \"$date\" : \"2026-01-02T03:04:05.678Z\" }"),
          "\"user\" : \"" + document.entry.user->to_string() + "\"", std::string("\"offset\" : 42"),
          std::string("\"recorded_at\" : { \"$date\" : \"2023-11-14T22:13:20.123Z\" }")}) {
        EXPECT_THAT(text, HasSubstr(part));
    }
}

TEST(MongoArchive, TheExpiryIndexFollowsTheSetting) {
    MongoPlace place;
    place.open()->prepare();
    EXPECT_EQ(-1, expiry_in(place.url()));
    const auto said = [&](const Retention& keep) {
        testing::internal::CaptureStderr();
        place.open(keep)->prepare();
        return testing::internal::GetCapturedStderr();
    };
    EXPECT_THAT(said(std::chrono::hours(24)), Not(HasSubstr("retention")));
    EXPECT_EQ(86'400, expiry_in(place.url()));
    EXPECT_THAT(said(std::chrono::hours(24)), Not(HasSubstr("retention")));
    EXPECT_THAT(said(std::chrono::hours(48)),
                AllOf(HasSubstr("level=warning"), HasSubstr("--keep-days"), HasSubstr("before=1d now=2d")));
    EXPECT_EQ(172'800, expiry_in(place.url()));
    EXPECT_THAT(said(std::nullopt), HasSubstr("before=2d now=\"for ever\""));
    EXPECT_EQ(-1, expiry_in(place.url()));
}

TEST(MongoArchive, ADocumentThatIsRefusedForItselfDoesNotHoldUpTheOthers) {
    MongoPlace place;
    const auto store = place.open();
    store->prepare();
    std::vector<Document> batch;
    batch.reserve(5);
    for (int i = 0; i < 5; ++i) batch.push_back(prediction(Uuid::random(), std::nullopt));
    batch[2].entry.prediction.features[0].name = "$not_a_name";
    const auto refused = store->write(batch);
    ASSERT_EQ(1U, refused.size());
    EXPECT_EQ(2U, refused[0].index);
    EXPECT_NE("", refused[0].reason);
    const auto reader = place.reader();
    for (std::size_t i = 0; i < batch.size(); ++i) {
        EXPECT_EQ(i != 2, reader->find(batch[i].entry.id).has_value()) << i;
    }
}

TEST(MongoArchive, DocumentsThatAreTooLargeToBeSentDoNotHoldUpTheOthers) {
    MongoPlace place;
    const auto store = place.open();
    store->prepare();
    std::vector<Document> batch;
    batch.reserve(7);
    for (int i = 0; i < 7; ++i) batch.push_back(prediction(Uuid::random(), std::nullopt));
    for (const auto large : {2U, 6U}) batch[large].entry.prediction.message.assign(17 << 20, 'x');
    batch[5] = failure(batch[0].entry.id, std::nullopt);
    const auto refused = store->write(batch);
    ASSERT_EQ(2U, refused.size());
    EXPECT_EQ(2U, refused[0].index);
    EXPECT_EQ(6U, refused[1].index);
    EXPECT_THAT(refused[0].reason, HasSubstr("too large"));
    const auto reader = place.reader();
    for (const auto stored : {0U, 1U, 3U, 4U}) {
        EXPECT_EQ(200, reader->find(batch[stored].entry.id).value().prediction.status) << stored;
    }
    // What takes a failure's place is sent in another way.
    const auto failed = failure(batch[2].entry.id, std::nullopt);
    ASSERT_TRUE(store->write(std::vector{failed}).empty());
    EXPECT_EQ(1U, store->write(std::vector{batch[2]}).size());
}

/// An index of somebody else's, by which each document has another offset.
void make_offsets_unique(const std::string& url) {
    MongoPool pool({.url = url}, {});
    const MongoPool::Lease lease(pool);
    const auto database = lease.database();
    const BsonPtr command(BCON_NEW("createIndexes", "predictions", "indexes", "[", "{", "key", "{", "offset",
                                   BCON_INT32(1), "}", "name", "offsets", "unique", BCON_BOOL(true), "}", "]"));
    bson_error_t error{};
    ASSERT_TRUE(mongoc_database_write_command_with_opts(database.get(), command.get(), nullptr, nullptr, &error))
        << error.message;
}

TEST(MongoArchive, WhatAnothersUniqueIndexRefusesDoesNotHoldUpTheOthers) {
    MongoPlace place;
    const auto store = place.open();
    store->prepare();
    make_offsets_unique(place.url());
    std::vector<Document> batch;
    batch.reserve(4);
    for (int i = 0; i < 4; ++i) {
        batch.push_back(prediction(Uuid::random(), std::nullopt));
        batch.back().offset = i;
    }
    batch[2].offset = 0;
    const auto refused = store->write(batch);
    ASSERT_EQ(1U, refused.size());
    EXPECT_EQ(2U, refused[0].index);
    EXPECT_THAT(refused[0].reason, HasSubstr("E11000"));
    const auto reader = place.reader();
    for (const auto stored : {0U, 1U, 3U}) EXPECT_TRUE(reader->find(batch[stored].entry.id)) << stored;
    // What takes a failure's place is stored in another way.
    auto failed = failure(Uuid::random(), std::nullopt);
    failed.offset = 4;
    ASSERT_TRUE(store->write(std::vector{failed}).empty());
    auto predicted = prediction(failed.entry.id, std::nullopt);
    predicted.offset = 0;
    EXPECT_EQ(1U, store->write(std::vector{predicted}).size());
}

TEST(MongoArchive, WritesWithTheConcernThatItsUrlSays) {
    const auto said = [](const std::string& options) {
        MongoPool pool({.url = "mongodb://localhost/nearline" + options}, {});
        const MongoPool::Lease lease(pool);
        const auto* const concern = mongoc_client_get_write_concern(lease.client());
        std::ostringstream text;
        if (mongoc_write_concern_get_wmajority(concern)) {
            text << "majority";
        } else {
            text << mongoc_write_concern_get_w(concern);
        }
        text << (mongoc_write_concern_get_journal(concern) ? " journal " : " ")
             << mongoc_write_concern_get_wtimeout_int64(concern);
        return text.str();
    };
    EXPECT_EQ("majority 10000", said(""));
    EXPECT_EQ("majority journal 10000", said("?journal=true"));
    EXPECT_EQ("majority 700", said("?wtimeoutMS=700"));
    EXPECT_EQ("majority journal 700", said("?w=majority&journal=true&wtimeoutMS=700"));
    EXPECT_EQ("2 700", said("?w=2&wtimeoutMS=700"));
    EXPECT_EQ("1 journal 0", said("?w=1&journal=true"));
}

TEST(MongoArchive, IsUnavailableWhileItsServerIs) {
    test::OwnMongo server;
    const auto store = make_archive_store({.url = server.url()});
    const auto reader = make_prediction_reader({.url = server.url()});
    server.kill();
    EXPECT_THROW(store->prepare(), Unavailable);
    server.start();
    test::once_available([&] { store->prepare(); });
    const std::vector documents{prediction(Uuid::random(), std::nullopt)};
    ASSERT_TRUE(store->write(documents).empty());
    test::once_available([&] { EXPECT_TRUE(reader->find(documents[0].entry.id)); });
    server.freeze();
    EXPECT_THROW(store->write(documents), Unavailable);
    EXPECT_THROW(reader->find(documents[0].entry.id), Unavailable);
    server.thaw();
    server.kill();
    try {
        store->write(documents);
        FAIL() << "it was written nowhere";
    } catch (const Unavailable& error) {
        EXPECT_THAT(error.what(), HasSubstr("MongoDB at 127.0.0.1:"));
    }
    server.start();
    test::once_available([&] { EXPECT_TRUE(store->write(documents).empty()); });
    test::once_available([&] { EXPECT_TRUE(reader->find(documents[0].entry.id)); });
}

}  // namespace
}  // namespace nearline::archive
