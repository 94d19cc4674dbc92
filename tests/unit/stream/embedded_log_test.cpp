#include <atomic>
#include <fstream>
#include <numeric>
#include <sys/resource.h>
#include <unistd.h>

#include "domain/uuid.hpp"
#include "unit/stream/embedded_fixture.hpp"

namespace nearline::stream {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::ThrowsMessage;

class EmbeddedLog : public EmbeddedTest {};

std::vector<Record> numbered(int count, std::size_t size = 0) {
    std::vector<Record> records;
    for (int i = 0; i < count; ++i) {
        records.push_back({.value = std::to_string(i), .headers = {{"padding", std::string(size, 'p')}}});
    }
    return records;
}

TEST_F(EmbeddedLog, IsThereAgainAfterClosing) {
    admin()->create_topic("t", {.partitions = 3, .retention = 2h, .retention_bytes = 5});
    const Record full{.key = "", .value = std::nullopt, .headers = {{"a", "1"}, {"a", std::nullopt}}, .timestamp = 77};
    send("t", 2, {full, full});
    const auto id = admin()->cluster_id();
    EXPECT_TRUE(Uuid::parse(id)) << id;
    {
        const auto consumer = stream->consumer({.group = "g", .topics = {"t"}}, {});
        EXPECT_THAT(consumer->poll(10, patience), SizeIs(2));
        consumer->commit_async({{{"t", 2}, 1}});
    }
    reopen();
    EXPECT_EQ(admin()->cluster_id(), id);
    EXPECT_EQ(admin()->topic("t")->partitions, 3);
    EXPECT_EQ(admin()->committed("g"), (std::map<TopicPartition, std::int64_t>{{{"t", 2}, 1}}));
    const auto records = read({"t", 2});
    ASSERT_THAT(offsets(records), ElementsAre(0, 1));
    EXPECT_EQ(static_cast<const Record&>(records[1]), full);
    const auto consumer = stream->consumer({.group = "g", .topics = {"t"}}, {});
    EXPECT_THAT(offsets(consumer->poll(10, patience)), ElementsAre(1));
    EXPECT_EQ(send("t", 2, "x").offset, 2);
}

TEST_F(EmbeddedLog, ServesOneStreamAtATimeAndSaysWhichProcess) {
    EXPECT_THAT([&] { open_embedded(folder(), options, metrics); },
                ThrowsMessage<std::runtime_error>(
                    AllOf(HasSubstr(folder()), HasSubstr("process " + std::to_string(::getpid())))));
    close();
    EXPECT_NO_THROW(open_embedded(folder(), options, metrics));
    SetUp();
}

TEST_F(EmbeddedLog, SaysWhyItCanNotBeOpened) {
    close();
    std::ofstream(folder() + "/stream.db", std::ios::binary) << std::string(10'000, 'x');
    EXPECT_THAT([&] { open(); },
                ThrowsMessage<std::runtime_error>(AllOf(HasSubstr("stream.db"), HasSubstr("not a database"))));
    EXPECT_THAT([&] { open_embedded("/proc/nearline", options, metrics); },
                ThrowsMessage<std::runtime_error>(HasSubstr("/proc/nearline")));
}

TEST_F(EmbeddedLog, ATopicNameIsOneThatKafkaTakes) {
    for (const auto* name : {"", ".", "..", "a b", "a/b", "ä"}) {
        EXPECT_THROW(admin()->create_topic(name, {}), std::invalid_argument) << name;
    }
    EXPECT_THROW(admin()->create_topic("t", {.partitions = 0}), std::invalid_argument);
    EXPECT_TRUE(admin()->create_topic("input-topic.prediction.dlq", {}));
}

// What does not fit into memory comes from the database, and the way back to memory has no seam.
TEST_F(EmbeddedLog, ALateConsumerReadsFromTheDatabaseAndCatchesUp) {
    close();
    options.memory = 20'000;
    open();
    admin()->create_topic("t", {.partitions = 1});
    send("t", 0, numbered(3'000, 100));
    const auto records = read({"t", 0});
    std::vector<std::int64_t> all(3'000);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(offsets(records), all);
    close();
    EXPECT_FALSE(std::filesystem::exists(folder() + "/stream.db-wal")) << "all is in the database at the end";
    open();
    for (int i = 0; i < 3'000; ++i) ASSERT_EQ(records[static_cast<std::size_t>(i)].value, std::to_string(i));
    EXPECT_THAT(values(read({"t", 0}, 2'998)), ElementsAre("2998", "2999"));
}

TEST_F(EmbeddedLog, ConsumersKeepUpWithAWriterThatOverrunsTheirMemory) {
    close();
    options.memory = 3'000;
    open();
    admin()->create_topic("t", {.partitions = 2});
    constexpr int count = 3'000;
    std::thread writer([&] {
        for (int i = 0; i < count; i += 100) {
            send("t", 0, numbered(50));
            send("t", 1, numbered(50));
        }
    });
    const auto consumer = stream->consumer({.group = "g", .topics = {"t"}}, {});
    std::map<TopicPartition, std::int64_t> next;
    int got = 0;
    while (got < count) {
        for (const auto& record : consumer->poll(7, patience)) {
            ASSERT_EQ(record.offset, next[record.at]++);
            ASSERT_EQ(record.value, std::to_string(record.offset % 50));
            ++got;
        }
    }
    writer.join();
    EXPECT_EQ(consumer->lost_to_retention(), 0u);
}

TEST_F(EmbeddedLog, RecordsWithoutAKeyAreSpreadOverPartitions) {
    admin()->create_topic("t", {.partitions = 3});
    std::set<int> partitions;
    for (int i = 0; i < 9; ++i) partitions.insert(send("t", std::nullopt, "x").at.partition);
    EXPECT_THAT(partitions, ElementsAre(0, 1, 2));
}

TEST_F(EmbeddedLog, ManyProducersKeepTheirOrder) {
    admin()->create_topic("t", {.partitions = 1});
    constexpr int threads = 4;
    constexpr int each = 500;
    std::vector<std::thread> producing;
    std::atomic<int> out_of_order = 0;
    for (int t = 0; t < threads; ++t) {
        producing.emplace_back([&, t] {
            const auto producer = stream->producer({.delivery_timeout = patience});
            std::int64_t last = -1;
            for (int i = 0; i < each; ++i) {
                producer->produce("t", 0, {.key = std::to_string(t), .value = std::to_string(i)},
                                  [&last, &out_of_order](const Delivery& delivery) {
                                      if (delivery.offset <= last) ++out_of_order;
                                      last = delivery.offset;
                                  });
            }
            EXPECT_TRUE(producer->flush(patience));
            EXPECT_EQ(producer->in_flight(), 0u);
        });
    }
    for (auto& thread : producing) thread.join();
    EXPECT_EQ(out_of_order, 0);
    std::map<std::string, int> next;
    for (const auto& record : read({"t", 0})) EXPECT_EQ(record.value, std::to_string(next[*record.key]++));
    EXPECT_EQ(next.size(), 4u);
    for (const auto& [key, count] : next) EXPECT_EQ(count, each);
}

TEST_F(EmbeddedLog, AFullQueueRejectsAndGoesOn) {
    admin()->create_topic("t", {.partitions = 1});
    const auto producer = stream->producer({.delivery_timeout = patience, .max_in_flight = 10});
    std::atomic<int> stored = 0;
    std::atomic<int> rejected = 0;
    for (int i = 0; i < 1'000; ++i) {
        producer->produce("t", 0, {.value = "x"}, [&](const Delivery& delivery) {
            ++(delivery.outcome == Delivery::Outcome::stored ? stored : rejected);
        });
    }
    ASSERT_TRUE(producer->flush(patience));
    EXPECT_EQ(stored + rejected, 1'000);
    EXPECT_GT(rejected, 0);
    EXPECT_EQ(admin()->watermarks({"t", 0}).end, stored);
}

TEST_F(EmbeddedLog, CallbacksMayProduce) {
    admin()->create_topic("t", {.partitions = 1});
    const auto producer = stream->producer({.delivery_timeout = patience});
    std::promise<std::int64_t> last;
    producer->produce("t", 0, {.value = "1"}, [&](const Delivery&) {
        producer->produce("t", 0, {.value = "2"}, [&](const Delivery& delivery) { last.set_value(delivery.offset); });
    });
    EXPECT_EQ(last.get_future().get(), 1);
}

TEST_F(EmbeddedLog, AProducerThatGoesReportsEverythingFirst) {
    admin()->create_topic("t", {.partitions = 1});
    for (int round = 0; round < 20; ++round) {
        std::atomic<int> reported = 0;
        auto producer = stream->producer({});
        for (int i = 0; i < 200; ++i) producer->produce("t", 0, {.value = "x"}, [&](const Delivery&) { ++reported; });
        producer.reset();
        EXPECT_EQ(reported, 200);
    }
}

TEST_F(EmbeddedLog, AsynchronousCommitsRideAlongAndAreStoredSoonWithoutCompany) {
    admin()->create_topic("t", {.partitions = 1});
    send("t", 0, "x");
    const auto consumer = stream->consumer({.group = "g", .topics = {"t"}}, {});
    ASSERT_THAT(consumer->poll(1, patience), SizeIs(1));
    consumer->commit_async({{{"t", 0}, 1}});
    EXPECT_THAT(admin()->committed("g"), IsEmpty());
    send("t", 0, "y");
    EXPECT_THAT(admin()->committed("g"), SizeIs(1));
    consumer->commit_async({{{"t", 0}, 2}});
    EXPECT_TRUE(wait_until([&] { return admin()->committed("g").at({"t", 0}) == 2; }));
}

// The next owner in this process does not read again what was committed and is not on disk yet.
TEST_F(EmbeddedLog, TheNextOwnerGoesOnWhereTheLastOneSaid) {
    admin()->create_topic("t", {.partitions = 1});
    send("t", 0, numbered(2));
    {
        const auto first = stream->consumer({.group = "g", .topics = {"t"}}, {});
        ASSERT_THAT(first->poll(1, patience), SizeIs(1));
        first->commit_async({{{"t", 0}, 1}});
    }
    const auto second = stream->consumer({.group = "g", .topics = {"t"}}, {});
    EXPECT_THAT(values(second->poll(10, patience)), ElementsAre("1"));
}

TEST_F(EmbeddedLog, AMemberThatStopsPollingLosesItsPartitions) {
    admin()->create_topic("t", {.partitions = 2});
    std::vector<TopicPartition> lost;
    const auto stuck = stream->consumer({.group = "g", .topics = {"t"}, .max_poll_interval = 50ms},
                                        {.lost = [&](const auto& partitions) { lost = partitions; }});
    stuck->poll(1, 0ms);
    ASSERT_THAT(stuck->assignment(), SizeIs(2));
    const auto other = stream->consumer({.group = "g", .topics = {"t"}}, {});
    ASSERT_TRUE(wait_until([&] {
        other->poll(1, 10ms);
        return other->assignment().size() == 2;
    }));
    stuck->commit({{{"t", 0}, 5}});
    EXPECT_THAT(admin()->committed("g"), IsEmpty()) << "they are not its own any more";
    stuck->poll(1, 0ms);
    EXPECT_THAT(lost, SizeIs(2));
    ASSERT_TRUE(wait_until([&] {
        other->poll(1, 0ms);
        stuck->poll(1, 0ms);
        return stuck->assignment().size() == 1;
    })) << "it is a member again";
}

TEST_F(EmbeddedLog, ALongPollIsNotStuck) {
    admin()->create_topic("t", {.partitions = 1});
    int lost = 0;
    const auto consumer = stream->consumer({.group = "g", .topics = {"t"}, .max_poll_interval = 20ms},
                                           {.lost = [&](const auto&) { ++lost; }});
    consumer->poll(1, 200ms);
    EXPECT_THAT(consumer->assignment(), SizeIs(1));
    EXPECT_EQ(lost, 0);
}

TEST_F(EmbeddedLog, AListenerThatThrowsDoesNotHoldPartitionsBack) {
    admin()->create_topic("t", {.partitions = 2});
    const auto one = stream->consumer({.group = "g", .topics = {"t"}},
                                      {.revoked = [](const auto&) { throw std::runtime_error("no"); }});
    one->poll(1, 0ms);
    const auto two = stream->consumer({.group = "g", .topics = {"t"}}, {});
    two->poll(1, 0ms);
    EXPECT_THROW(one->poll(1, 0ms), std::runtime_error);
    two->poll(1, 0ms);
    EXPECT_THAT(one->assignment(), SizeIs(1));
    EXPECT_THAT(two->assignment(), SizeIs(1));
}

TEST_F(EmbeddedLog, AReaderOfATopicThatIsMadeLater) {
    const auto reader = stream->reader();
    reader->assign({{{"later", 0}, 0}, {{"later", 9}, 0}});
    std::thread maker([&] {
        admin()->create_topic("later", {.partitions = 1});
        send("later", 0, "x");
    });
    EXPECT_THAT(values(reader->poll(1, patience)), ElementsAre("x"));
    maker.join();
}

// At rest nothing runs: whoever waits is asleep until there is something for it.
TEST_F(EmbeddedLog, AtRestNobodyWakesUp) {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "ThreadSanitizer has a thread of its own that wakes up ten times a second";
#endif
    admin()->create_topic("t", {.partitions = 12});
    const auto consumer = stream->consumer({.group = "g", .topics = {"t"}}, {});
    const auto producer = stream->producer({});
    send("t", 0, "x");
    consumer->poll(1, patience);
    consumer->commit({{{"t", 0}, 1}});
    consumer->poll(1, 300ms);  // what was still to be done
    const auto switches = [] {
        struct rusage usage {};
        ::getrusage(RUSAGE_SELF, &usage);
        return usage.ru_nvcsw;
    };
    const auto before = switches();
    EXPECT_THAT(consumer->poll(1, 1s), IsEmpty());
    EXPECT_LE(switches() - before, 5);
}

TEST_F(EmbeddedLog, TheWriteAheadLogStaysBounded) {
    close();
    options.checkpoint_pages = 50;
    open();
    admin()->create_topic("t", {.partitions = 1});
    std::uintmax_t largest = 0;
    for (int i = 0; i < 400; ++i) {
        send("t", 0, numbered(10, 500));  // about two pages
        largest = std::max(largest, std::filesystem::file_size(folder() + "/stream.db-wal"));
    }
    EXPECT_LE(largest, 50 * 4 * 4'200u + 100'000);
    EXPECT_GT(std::filesystem::file_size(folder() + "/stream.db"), 1'000'000u) << "it went to the database";
    EXPECT_THAT(read({"t", 0}), SizeIs(4'000));
}

// Many transactions without a pause: a checkpoint beside the writer never gets all of the log, and it must
// not grow for ever all the same.
TEST_F(EmbeddedLog, TheWriteAheadLogStaysBoundedUnderLoad) {
    close();
    options.checkpoint_pages = 50;
    open();
    admin()->create_topic("t", {.partitions = 1});
    const auto producer = stream->producer({.delivery_timeout = patience});
    constexpr int count = 3'000;
    std::atomic<int> left = count;
    std::promise<void> done;
    std::function<void(const Delivery&)> again = [&](const Delivery&) {
        const int now = --left;
        if (now >= 4) producer->produce("t", 0, numbered(1, 500).front(), again);
        if (now == 0) done.set_value();
    };
    for (int i = 0; i < 4; ++i) producer->produce("t", 0, numbered(1, 500).front(), again);
    done.get_future().get();
    EXPECT_LE(std::filesystem::file_size(folder() + "/stream.db-wal"), 50 * 4 * 4'200u + 100'000);
    EXPECT_EQ(admin()->watermarks({"t", 0}).end, count);
}

}  // namespace
}  // namespace nearline::stream
