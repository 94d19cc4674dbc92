// What every archive promises, on each of them.

#include <algorithm>
#include <barrier>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "places.hpp"

namespace nearline {

// For what GoogleTest prints and compares.
bool operator==(const ArchivedPrediction& a, const ArchivedPrediction& b) {
    return a.id == b.id && a.user == b.user && a.body_digest == b.body_digest && a.prediction == b.prediction;
}

namespace archive {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Archive : public ::testing::TestWithParam<Kind> {
protected:
    Archive() { store_->prepare(); }

    void write(std::vector<Document> batch) { EXPECT_THAT(store_->write(batch), IsEmpty()); }
    std::vector<Uuid> page(const Uuid& user, int limit, const std::optional<PageCursor>& after = std::nullopt) {
        std::vector<Uuid> ids;
        for (const auto& entry : reader_->list(user, limit, after)) ids.push_back(entry.id);
        return ids;
    }

    std::unique_ptr<Place> place_ = GetParam().make();
    std::unique_ptr<ArchiveStore> store_ = place_->open();
    std::unique_ptr<PredictionReader> reader_ = place_->reader();
    const Uuid ann_ = Uuid::random();
    const Uuid bob_ = Uuid::random();
};

INSTANTIATE_TEST_SUITE_P(All, Archive, ::testing::ValuesIn(kinds), [](const auto& each) { return each.param.name; });

TEST_P(Archive, GivesBackWhatItWasGiven) {
    auto plain = prediction(Uuid::random(), ann_);
    auto bare = prediction(Uuid::random(), std::nullopt);
    bare.entry.body_digest = "";
    auto odd = prediction(Uuid::random(), ann_);
    odd.entry.prediction.features = {{"b", -0.1}, {"a", 1e300}, {"c", 12345678901234567.0}};
    odd.entry.prediction.prediction = "";
    const auto failed = failure(Uuid::random(), ann_);
    write({plain, bare, odd, failed});
    for (const auto& each : {plain, bare, odd, failed}) {
        const auto found = reader_->find(each.entry.id);
        ASSERT_TRUE(found);
        EXPECT_EQ(each.entry, *found) << to_json(found->prediction);
    }
    EXPECT_FALSE(reader_->find(Uuid::random()));
    EXPECT_FALSE(reader_->find(Uuid()));
}

TEST_P(Archive, TheFirstPredictionOfAnIdStays) {
    const auto first = prediction(Uuid::random(), ann_);
    auto second = prediction(first.entry.id, ann_, "2026-01-02 03:04:06.000000");
    second.entry.prediction.prediction = "virginica";
    write({first});
    write({second});
    EXPECT_EQ(first.entry, reader_->find(first.entry.id));
    write({failure(first.entry.id, ann_)});
    EXPECT_EQ(first.entry, reader_->find(first.entry.id)) << "a failure never takes a prediction's place";
    EXPECT_THAT(page(ann_, 10), ElementsAre(first.entry.id));
}

TEST_P(Archive, APredictionTakesTheFailuresPlace) {
    const auto failed = failure(Uuid::random(), ann_);
    auto failed_again = failed;
    failed_again.entry.prediction.message = "another reason";
    write({failed});
    write({failed_again});
    EXPECT_EQ(failed.entry, reader_->find(failed.entry.id)) << "the first failure stays";
    const auto predicted = prediction(failed.entry.id, ann_);
    write({predicted});
    EXPECT_EQ(predicted.entry, reader_->find(failed.entry.id));
    write({failed});
    EXPECT_EQ(predicted.entry, reader_->find(failed.entry.id));
}

TEST_P(Archive, OneBatchMayHaveAnIdSeveralTimes) {
    const auto id = Uuid::random();
    const auto other = Uuid::random();
    const auto predicted = prediction(id, ann_);
    write({failure(id, ann_), predicted, failure(id, ann_)});
    EXPECT_EQ(predicted.entry, reader_->find(id));
    write({prediction(other, ann_), failure(other, ann_), failure(other, ann_)});
    EXPECT_EQ(200, reader_->find(other)->prediction.status);
    EXPECT_EQ(2U, page(ann_, 10).size());
}

TEST_P(Archive, AReplayChangesNothing) {
    std::vector<Document> batch;
    for (int i = 0; i < 2'500; ++i) batch.push_back(prediction(Uuid::random(), ann_));
    const auto failed = failure(Uuid::random(), ann_);
    batch.push_back(failed);
    write(batch);
    const auto before = reader_->list(ann_, 5'000, std::nullopt);
    ASSERT_EQ(batch.size() - 1, before.size());
    auto again = batch;
    std::reverse(again.begin(), again.end());
    for (auto& document : again) document.entry.prediction.created_at = "2026-02-02 00:00:00.000000";
    write(again);
    EXPECT_EQ(before, reader_->list(ann_, 5'000, std::nullopt));
    EXPECT_EQ(failed.entry, reader_->find(failed.entry.id));
}

TEST_P(Archive, ListsAUsersOwnNewestFirst) {
    const auto early = prediction(Uuid::random(), ann_, "2026-01-02 03:04:05.000001");
    const auto late = prediction(Uuid::random(), ann_, "2026-01-02 03:04:05.000002");
    const auto latest = prediction(Uuid::random(), ann_, "2026-01-10 00:00:00.000000");
    write({late, prediction(Uuid::random(), bob_), latest, prediction(Uuid::random(), std::nullopt), early});
    EXPECT_THAT(page(ann_, 10), ElementsAre(latest.entry.id, late.entry.id, early.entry.id));
    EXPECT_THAT(page(ann_, 2), ElementsAre(latest.entry.id, late.entry.id));
    EXPECT_THAT(page(Uuid::random(), 10), IsEmpty());
}

TEST_P(Archive, ListsNoFailures) {
    const auto predicted = prediction(Uuid::random(), ann_);
    write({failure(Uuid::random(), ann_), predicted});
    EXPECT_THAT(page(ann_, 10), ElementsAre(predicted.entry.id));
}

TEST_P(Archive, WhatIsPastTheRetentionIsNotReadAnyMore) {
    auto old = prediction(Uuid::random(), ann_);
    old.timestamp -= 25L * 3'600'000;
    const auto young = prediction(Uuid::random(), ann_);
    write({old, young});
    const auto reader = place_->reader(std::chrono::hours(24));
    EXPECT_FALSE(reader->find(old.entry.id));
    EXPECT_TRUE(reader->find(young.entry.id));
    std::vector<Uuid> listed;
    for (const auto& entry : reader->list(ann_, 10, std::nullopt)) listed.push_back(entry.id);
    EXPECT_THAT(listed, ElementsAre(young.entry.id));
}

TEST_P(Archive, WhatHasATimeBefore1970IsThere) {
    auto early = prediction(Uuid::random(), ann_);
    early.timestamp = -1;
    write({early});
    EXPECT_TRUE(reader_->find(early.entry.id));
    EXPECT_THAT(page(ann_, 10), ElementsAre(early.entry.id));
}

TEST_P(Archive, PagesNeitherSkipNorRepeat) {
    std::vector<Uuid> expected;
    std::vector<Document> batch;
    for (int i = 0; i < 30; ++i) {
        // Ten at the same moment: their ids decide.
        batch.push_back(prediction(Uuid::random(), ann_, "2026-01-02 03:04:0" + std::to_string(i / 10) + ".000000"));
    }
    write(batch);
    std::sort(batch.begin(), batch.end(), [](const Document& a, const Document& b) {
        return std::pair(a.entry.prediction.created_at, a.entry.id) >
               std::pair(b.entry.prediction.created_at, b.entry.id);
    });
    for (const auto& document : batch) expected.push_back(document.entry.id);
    std::vector<Uuid> read;
    std::optional<PageCursor> after;
    for (;;) {
        const auto entries = reader_->list(ann_, 7, after);
        for (const auto& entry : entries) read.push_back(entry.id);
        if (entries.size() < 7) break;
        after = PageCursor{entries.back().prediction.created_at, entries.back().id};
        write({prediction(Uuid::random(), ann_, "2026-03-01 00:00:00.000000")});  // newer: not on later pages
    }
    EXPECT_EQ(expected, read);
}

TEST_P(Archive, PagesOfLargePredictionsHaveFewer) {
    std::vector<Document> batch;
    batch.reserve(7);
    for (int i = 0; i < 7; ++i) {
        batch.push_back(prediction(Uuid::random(), ann_, "2026-01-02 03:04:0" + std::to_string(9 - i) + ".000000"));
        batch.back().entry.prediction.message.assign(1 << 20, 'x');
    }
    batch[6].entry.prediction.message.assign(5 << 20, 'x');
    write(batch);
    const auto after = [&](int i) { return PageCursor{batch[i].entry.prediction.created_at, batch[i].entry.id}; };
    EXPECT_EQ(5U, page(ann_, 100).size()) << "4 MiB of them, and one that tells that there is more";
    EXPECT_EQ(3U, page(ann_, 3).size());
    EXPECT_THAT(page(ann_, 100, after(3)), ElementsAre(batch[4].entry.id, batch[5].entry.id, batch[6].entry.id));
    EXPECT_THAT(page(ann_, 100, after(5)), ElementsAre(batch[6].entry.id)) << "one that is larger alone";
}

TEST_P(Archive, OutlivesTheStoreObjectAndIsPreparedByMany) {
    const auto document = prediction(Uuid::random(), ann_);
    write({document});
    store_.reset();
    constexpr int threads = 4;
    std::barrier start(threads);
    std::vector<std::thread> running;
    running.reserve(threads);
    for (int i = 0; i < threads; ++i) {
        running.emplace_back([&] {
            const auto store = place_->open();
            start.arrive_and_wait();
            store->prepare();
            store->prepare();
        });
    }
    for (auto& thread : running) thread.join();
    EXPECT_EQ(document.entry, place_->reader()->find(document.entry.id));
}

TEST_P(Archive, OfSeveralThatWriteTheSameEachIsThereOnce) {
    std::vector<Document> batch;
    for (int i = 0; i < 500; ++i) batch.push_back(prediction(Uuid::random(), ann_));
    constexpr int threads = 4;
    std::barrier start(threads);
    std::vector<std::thread> running;
    running.reserve(threads);
    for (int i = 0; i < threads; ++i) {
        running.emplace_back([&, i] {
            const auto store = place_->open();
            store->prepare();
            start.arrive_and_wait();
            auto own = batch;
            for (auto& document : own) document.entry.prediction.message = std::to_string(i);
            EXPECT_THAT(store->write(own), IsEmpty());
        });
    }
    for (auto& thread : running) thread.join();
    EXPECT_EQ(batch.size(), page(ann_, 1'000).size());
    for (const auto& document : batch) ASSERT_TRUE(reader_->find(document.entry.id));
}

TEST(ArchiveUrl, IsChecked) {
    EXPECT_EQ("", check_archive_url("sqlite:./data/archive.db"));
    EXPECT_EQ("", check_archive_url("mongodb://localhost"));
    EXPECT_EQ("", check_archive_url("mongodb://ann@db1:27017,db2:27017/nearline?replicaSet=rs0&w=2"));
    for (const char* const wrong : {"", "sqlite:", "postgres://x@y/z", "mongodb://", "archive.db"}) {
        EXPECT_NE("", check_archive_url(wrong)) << wrong;
        EXPECT_THROW(make_archive_store({.url = wrong}), std::invalid_argument) << wrong;
        EXPECT_THROW(make_prediction_reader({.url = wrong}), std::invalid_argument) << wrong;
    }
    EXPECT_THAT(check_archive_url("mongodb://ann:secret@db/nearline"), ::testing::HasSubstr("MONGODB_PASSWORD"));
    EXPECT_THAT(check_archive_url("mongodb://db/nearline?w=0"), ::testing::HasSubstr("acknowledgement"));
}

TEST(ArchiveUrl, MongoOptionsThatWouldBePassedOverAreRefused) {
    for (const char* const option : {"tsl=true", "tlsCAFlie=ca.pem", "w=2&w=1", "compressors=no-such"}) {
        const auto url = std::string("mongodb://localhost/nearline?") + option;
        EXPECT_NE("", check_archive_url(url)) << url;
        EXPECT_THROW(make_archive_store({.url = url}), std::invalid_argument) << url;
    }
    EXPECT_THAT(check_archive_url("mongodb://localhost/?tsl=true"), ::testing::HasSubstr("\"tsl\""));
    EXPECT_EQ("", check_archive_url("mongodb://localhost/?tls=true&retryWrites=false&readConcernLevel=majority"));
}

TEST(ArchiveUrl, AMongoUserAndItsPasswordBelongTogether) {
    using ::testing::HasSubstr;
    for (const std::string url : {"mongodb://ann@db/nearline", "mongodb://ann@db/?authMechanism=PLAIN"}) {
        EXPECT_THAT(check_archive_password(url, false), HasSubstr("is missing")) << url;
        EXPECT_EQ("", check_archive_password(url, true)) << url;
    }
    EXPECT_THAT(check_archive_password("mongodb://db/nearline", true), HasSubstr("names no user"));
    EXPECT_EQ("", check_archive_password("mongodb://db/nearline", false));
    for (const std::string mechanism : {"MONGODB-X509&tls=true", "GSSAPI"}) {
        EXPECT_EQ("", check_archive_password("mongodb://ann@db/?authMechanism=" + mechanism, false)) << mechanism;
    }
    EXPECT_EQ("", check_archive_password("sqlite:./data/archive.db", true)) << "as other passwords that nobody needs";
    EXPECT_EQ("", check_archive_password("mongodb://", true)) << "what is no URL has been said already";
}

}  // namespace
}  // namespace archive
}  // namespace nearline
