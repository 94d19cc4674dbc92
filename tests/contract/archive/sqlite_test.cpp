// What only the archive in SQLite has: the sweep, and a reader that may be there first.

#include <gtest/gtest.h>

#include "domain/problem.hpp"
#include "places.hpp"

namespace nearline::archive {
namespace {

TEST(SqliteArchive, SweepsWhatIsPastTheRetentionInSteps) {
    SqlitePlace place;
    const auto user = Uuid::random();
    const auto store = place.open(std::chrono::hours(24));
    store->prepare();
    std::vector<Document> batch;
    for (int i = 0; i < 25; ++i) {
        batch.push_back(prediction(Uuid::random(), user));
        if (i < 15) batch.back().timestamp -= 25 * 3'600'000L;
    }
    EXPECT_TRUE(store->write(batch).empty());
    EXPECT_EQ(10U, store->sweep(10));
    EXPECT_EQ(5U, store->sweep(10));
    EXPECT_EQ(0U, store->sweep(10));
    const auto reader = place.reader();
    for (std::size_t i = 0; i < batch.size(); ++i) {
        EXPECT_EQ(i >= 15, reader->find(batch[i].entry.id).has_value()) << i;
    }
    const auto for_ever = place.open();
    for_ever->prepare();
    EXPECT_EQ(0U, for_ever->sweep(10));
}

TEST(SqliteArchive, AReaderWaitsForTheFile) {
    SqlitePlace place;
    const auto reader = place.reader();
    EXPECT_THROW(reader->find(Uuid::random()), Unavailable);
    const auto store = place.open();
    store->prepare();
    EXPECT_FALSE(reader->find(Uuid::random()));
    const auto document = prediction(Uuid::random(), std::nullopt);
    EXPECT_TRUE(store->write(std::vector{document}).empty());
    EXPECT_TRUE(reader->find(document.entry.id));
}

TEST(SqliteArchive, IsNotWrittenBeforeItIsPrepared) {
    SqlitePlace place;
    EXPECT_THROW(place.open()->write(std::vector{prediction(Uuid::random(), std::nullopt)}), Unavailable);
}

}  // namespace
}  // namespace nearline::archive
