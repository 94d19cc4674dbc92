#include <gmock/gmock.h>

#include "contract/stream/fixture.hpp"
#include "domain/problem.hpp"

namespace nearline::stream::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Scans : public StreamContract {
protected:
    std::vector<std::string> scan(const std::vector<Position>& from) {
        std::vector<std::string> found;
        stream().scan(from, patience, [&](ConsumedRecord&& record) {
            found.push_back(*record.value);
            return found.size() < most_;
        });
        return found;
    }
    std::size_t most_ = 1'000;
};

TEST_P(Scans, ReadOnePartitionAfterTheOtherToItsEnd) {
    const auto name = topic(4);
    send_values(name, 0, {"0", "1", "2"});
    send_values(name, 2, {"a", "b"});
    EXPECT_THAT(scan({{{name, 2}, 0}, {{name, 0}, 1}, {{name, 1}, 0}}), ElementsAre("a", "b", "1", "2"));
    EXPECT_THAT(scan({{{name, 0}, 3}, {{name, 0}, 700}}), IsEmpty());
    most_ = 2;
    EXPECT_THAT(scan({{{name, 0}, 0}, {{name, 2}, 0}}), ElementsAre("0", "1"));
}

TEST_P(Scans, EndAtTheEndThatWas) {
    const auto name = topic(1);
    send_values(name, 0, {"0", "1"});
    std::vector<std::string> found;
    stream().scan({{{name, 0}, 0}}, patience, [&](ConsumedRecord&& record) {
        found.push_back(*record.value);
        send_values(name, 0, {"later"});
        return true;
    });
    EXPECT_THAT(found, ElementsAre("0", "1"));
}

TEST_P(Scans, BeginAtTheStartOfALogThatMoved) {
    const auto name = topic(1);
    send_values(name, 0, {"0", "1", "2"});
    admin()->delete_records({name, 0}, 2);
    EXPECT_THAT(scan({{{name, 0}, 0}}), ElementsAre("2"));
}

TEST_P(Scans, ReadALogThatEndsInOffsetsWithoutRecords) {
    const auto name = topic(1);
    const auto writer = stream().fenced_writer(unique("writer"), patience);
    writer->write({{name, 0, {.value = "one"}}});
    writer->write({{name, 0, {.value = "two"}}});
    EXPECT_THAT(scan({{{name, 0}, 0}}), ElementsAre("one", "two"));
}

TEST_P(Scans, SeeAtOnceWhatAWriterHasWritten) {
    const auto name = topic(1);
    const auto writer = stream().fenced_writer(unique("writer"), patience);
    std::vector<std::string> written;
    for (int i = 0; i < 20; ++i) {
        written.push_back(std::to_string(i));
        writer->write({{name, 0, {.value = written.back()}}});
        EXPECT_EQ(scan({{{name, 0}, 0}}), written);
    }
}

TEST_P(Scans, PassOnWhatTheTakerThrows) {
    const auto name = topic(1);
    send_values(name, 0, {"0"});
    EXPECT_THROW(
        stream().scan({{{name, 0}, 0}}, patience, [](ConsumedRecord&&) -> bool { throw std::domain_error("no"); }),
        std::domain_error);
    EXPECT_THROW(stream().scan({{{unique("missing"), 0}, 0}}, 2s, [](ConsumedRecord&&) { return true; }), Unavailable);
}

INSTANTIATE_TEST_SUITE_P(Stream, Scans, ::testing::ValuesIn(implementations()), name_of);

}  // namespace
}  // namespace nearline::stream::testing
