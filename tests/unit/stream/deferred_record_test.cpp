#include "stream/deferred_record.hpp"

#include <gtest/gtest.h>

namespace nearline::stream {
namespace {

ConsumedRecord record() {
    ConsumedRecord record;
    record.key = "key";
    record.value = "value";
    record.headers = {{"color", "blue"}, {"nothing", std::nullopt}};
    record.timestamp = 1'700'000'000'000;
    record.at = {"input-topic", 3};
    record.offset = 41;
    return record;
}

/// As it is read from the retry topic.
ConsumedRecord read_again(Record deferred) {
    ConsumedRecord again;
    static_cast<Record&>(again) = std::move(deferred);
    again.timestamp = 1'700'000'009'000;
    again.at = {"input-topic.prediction.retry", 0};
    again.offset = 7;
    return again;
}

void expect_same(const ConsumedRecord& actual, const ConsumedRecord& expected) {
    EXPECT_EQ(static_cast<const Record&>(actual), static_cast<const Record&>(expected));
    EXPECT_EQ(actual.at, expected.at);
    EXPECT_EQ(actual.offset, expected.offset);
}

TEST(DeferredRecord, ComesBackAsItWasInItsPlace) {
    const auto deferred = make_deferred(record());
    EXPECT_EQ(deferred.timestamp, 0) << "its own time";
    EXPECT_EQ(deferred.headers.size(), 6U);
    expect_same(undo_deferral(read_again(deferred)), record());
}

TEST(DeferredRecord, AnotherRecordStaysAsItIs) {
    expect_same(undo_deferral(record()), record());
    for (std::size_t i = 0; i < 4; ++i) {
        auto broken = read_again(make_deferred(record()));
        auto& value = broken.headers[2 + i].value;
        value = i == 0 ? std::nullopt : std::optional<std::string>("x1");
        expect_same(undo_deferral(broken), broken);
        broken = read_again(make_deferred(record()));
        broken.headers.erase(broken.headers.begin() + static_cast<std::ptrdiff_t>(2 + i));
        expect_same(undo_deferral(broken), broken);
    }
    auto followed = read_again(make_deferred(record()));
    followed.headers.push_back({"more", "behind"});
    expect_same(undo_deferral(followed), followed);
}

}  // namespace
}  // namespace nearline::stream
