#include <SQLiteCpp/SQLiteCpp.h>
#include <array>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

#include "domain/problem.hpp"
#include "store/sqlite.hpp"
#include "unit/stream/embedded_fixture.hpp"

// What disks and deaths do to the embedded log.
namespace nearline::stream {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

namespace fs = std::filesystem;

class EmbeddedFaults : public EmbeddedTest {};

/// The helper program, with its standard output to read from.
class Child {
public:
    explicit Child(std::vector<std::string> arguments) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        arguments.insert(arguments.begin(), STREAM_CHILD);
        std::vector<char*> argv;
        for (auto& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        const int error = ::posix_spawn(&pid_, STREAM_CHILD, &actions, nullptr, argv.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        output_ = ::fdopen(ends[0], "r");
        if (error != 0) throw std::runtime_error("can't start " STREAM_CHILD);
    }
    ~Child() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            wait();
        }
        std::fclose(output_);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    void kill() { ::kill(pid_, SIGKILL); }
    int wait() {
        int status = -1;
        ::waitpid(pid_, &status, 0);
        pid_ = 0;
        return status;
    }
    /// A whole line, or nothing at its end.
    std::optional<std::string> line() {
        std::array<char, 256> text{};
        if (std::fgets(text.data(), text.size(), output_) == nullptr) return std::nullopt;
        std::string line = text.data();
        if (line.empty() || line.back() != '\n') return std::nullopt;
        line.pop_back();
        return line;
    }

private:
    pid_t pid_ = 0;
    std::FILE* output_ = nullptr;
};

// kill -9 under load, again and again on one log: every record that was acknowledged is there, where it was
// said to be, and the offsets have no holes.
TEST_F(EmbeddedFaults, EveryAcknowledgedRecordSurvivesKill9) {
    admin()->create_topic("t", {.partitions = 3});
    std::map<TopicPartition, std::map<std::int64_t, std::string>> acknowledged;
    for (int round = 0; round < 4; ++round) {
        close();
        Child child({"produce", folder(), "t", std::to_string(round)});
        const auto note = [&](const std::string& line) {
            std::istringstream fields(line);
            TopicPartition at{"t", 0};
            std::int64_t offset = 0;
            std::string value;
            fields >> at.partition >> offset >> value;
            ASSERT_TRUE(acknowledged[at].emplace(offset, value).second) << "an offset given twice: " << line;
        };
        for (int lines = 0; lines < 500 + 700 * round; ++lines) {
            const auto line = child.line();
            ASSERT_TRUE(line);
            note(*line);
        }
        child.kill();
        while (const auto line = child.line()) note(*line);  // said before it died
        child.wait();
        open();
        for (const auto& [at, expected] : acknowledged) {
            const auto records = read(at);
            for (std::size_t i = 0; i < records.size(); ++i) {
                ASSERT_EQ(records[i].offset, static_cast<std::int64_t>(i));
            }
            for (const auto& [offset, value] : expected) {
                ASSERT_LT(offset, static_cast<std::int64_t>(records.size())) << "acknowledged, and lost";
                ASSERT_EQ(records[static_cast<std::size_t>(offset)].value, value);
            }
        }
    }
    EXPECT_THAT(acknowledged, SizeIs(3));
}

// A power cut in the middle of a write: whatever the end of the write-ahead log looks like, what was committed
// before is whole, and the log goes on behind it.
class TornWrite : public EmbeddedFaults {
protected:
    void SetUp() override {
        EmbeddedFaults::SetUp();
        admin()->create_topic("t", {.partitions = 1});
        for (int i = 0; i < records; ++i) {
            send("t", 0, std::string(300, static_cast<char>('a' + i % 26)));
            sizes.push_back(fs::file_size(wal()));
        }
    }
    std::string wal() const { return folder() + "/stream.db-wal"; }

    // A copy of the log as it is on disk now, with its write-ahead log spoilt, opened.
    std::size_t records_after(const std::function<void(const std::string& wal)>& spoil) {
        const test::TempDir copy;
        for (const auto* name : {"stream.db", "stream.db-wal"}) {
            fs::copy_file(folder() + "/" + name, copy / name);
        }
        spoil(copy / "stream.db-wal");
        const auto other = open_embedded(copy.path().string(), options, metrics);
        const auto end = other->admin(patience)->watermarks({"t", 0}).end;
        const auto reader = other->reader();
        reader->assign({{{"t", 0}, 0}});
        std::int64_t next = 0;
        while (next < end) {
            for (const auto& record : reader->poll(100, patience)) {
                EXPECT_EQ(record.offset, next);
                EXPECT_EQ(record.value, std::string(300, static_cast<char>('a' + next % 26)));
                ++next;
            }
        }
        std::promise<std::int64_t> stored;
        const auto producer = other->producer({.delivery_timeout = patience});
        producer->produce("t", 0, {.value = "new"}, [&](const Delivery& d) { stored.set_value(d.offset); });
        EXPECT_EQ(stored.get_future().get(), end);
        return static_cast<std::size_t>(end);
    }

    static constexpr int records = 40;
    std::vector<std::uintmax_t> sizes;  // of the write-ahead log after each record
};

TEST_F(TornWrite, AWriteAheadLogThatWasCutOff) {
    for (const std::size_t kept : {1u, 7u, 20u, 39u}) {
        for (const std::uintmax_t more : {0u, 1u, 24u, 2'000u, 4'100u}) {
            const auto size = sizes[kept - 1] + more;
            if (size >= sizes[kept]) continue;
            EXPECT_EQ(records_after([&](const auto& wal) { fs::resize_file(wal, size); }), kept) << more;
        }
    }
}

TEST_F(TornWrite, AWriteAheadLogWithGarbageAtItsEnd) {
    for (const std::size_t kept : {3u, 39u}) {
        const auto spoil = [&](const std::string& wal) {
            std::fstream file(wal, std::ios::in | std::ios::out | std::ios::binary);
            file.seekp(static_cast<std::streamoff>(sizes[kept - 1] + 100));
            file << std::string(5'000, '\x5a');
        };
        EXPECT_EQ(records_after(spoil), kept);
    }
}

TEST_F(TornWrite, OneBitIsEnoughToTell) {
    const auto spoil = [&](const std::string& wal) {
        std::fstream file(wal, std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(static_cast<std::streamoff>(sizes.back() - 3'000));
        const char byte = static_cast<char>(file.get());
        file.seekp(static_cast<std::streamoff>(sizes.back() - 3'000));
        file.put(static_cast<char>(byte ^ 1));
    };
    EXPECT_EQ(records_after(spoil), 39u);
}

// In a process of its own, whose files may not grow: rejected says that nothing was stored, and when there is
// room again it goes on by itself.
TEST_F(EmbeddedFaults, AFullDiskRejectsAndPasses) {
    admin()->create_topic("t", {.partitions = 1});
    close();
    Child child({"fill", folder(), "t"});
    std::vector<std::string> said;
    while (const auto line = child.line()) said.push_back(*line);
    EXPECT_EQ(child.wait(), 0);
    ASSERT_THAT(said, SizeIs(4));
    EXPECT_THAT(said[0], HasSubstr("rejected"));
    EXPECT_THAT(said[1], HasSubstr("trouble: embedded log"));
    EXPECT_THAT(said, Each(Not(HasSubstr(folder())))) << "clients are told the reason, too";
    EXPECT_EQ(said[2], "room again: stored");
    open();
    const auto stored = std::stoul(said[3]);
    EXPECT_THAT(read({"t", 0}), SizeIs(stored)) << "neither fewer nor more than were reported stored";
}

// A disk that does not answer, played by somebody else's lock on the database.
class Stall {
public:
    explicit Stall(const std::string& folder) : database_(store::open_sqlite(folder + "/stream.db")) {
        database_->exec("BEGIN IMMEDIATE");
    }
    void end() { database_->exec("ROLLBACK"); }

private:
    std::unique_ptr<SQLite::Database> database_;
};

TEST_F(EmbeddedFaults, RecordsAreReportedInTimeWhileTheDiskDoesNotAnswer) {
    admin()->create_topic("t", {.partitions = 1});
    send("t", 0, "before");
    Stall stall(folder());
    std::promise<Delivery> first;
    std::promise<Delivery> second;
    const auto producer = stream->producer({.delivery_timeout = 100ms});
    producer->produce("t", 0, {.value = "1"}, [&](const Delivery& d) { first.set_value(d); });
    ASSERT_TRUE(wait_until([&] { return !stream->ping(20ms).empty(); })) << "it is being written";
    producer->produce("t", 0, {.value = "2"}, [&](const Delivery& d) { second.set_value(d); });
    const auto unknown = first.get_future().get();
    EXPECT_EQ(unknown.outcome, Delivery::Outcome::unknown);
    EXPECT_NE(unknown.reason, "");
    EXPECT_EQ(second.get_future().get().outcome, Delivery::Outcome::rejected);
    EXPECT_TRUE(producer->flush(patience));
    stall.end();
    EXPECT_EQ(send("t", 0, "after").outcome, Delivery::Outcome::stored);
    // What was rejected is not there; what was unknown may be.
    for (const auto& value : values(read({"t", 0}))) EXPECT_NE(value, "2");
    EXPECT_EQ(stream->ping(patience), "");
}

TEST_F(EmbeddedFaults, AStalledDiskMakesAnAdminUnavailable) {
    Stall stall(folder());
    EXPECT_THROW(stream->admin(50ms)->create_topic("t", {}), Unavailable);
    stall.end();
    EXPECT_TRUE(wait_until([&] { return admin()->topic("t") || admin()->create_topic("t", {}); }));
}

// Who replays dead letters looks, once it has its writer, for what the one before it has replayed.
TEST_F(EmbeddedFaults, AFencedWriterComesBehindAllThatWasTakenBefore) {
    constexpr std::int64_t records = 1'000;  // several transactions
    const std::string large(64UL << 10, 'x');
    admin()->create_topic("t", {.partitions = 1});
    Stall stall(folder());
    const auto producer = stream->producer({.delivery_timeout = patience});
    for (std::int64_t i = 0; i < records; ++i) {
        producer->produce("t", 0, {.value = large}, [](const Delivery&) {});
    }
    auto made = std::async([&] {
        stream->fenced_writer("replay", patience);
        return admin()->watermarks({"t", 0}).end;
    });
    EXPECT_EQ(made.wait_for(50ms), std::future_status::timeout);
    stall.end();
    EXPECT_EQ(made.get(), records);
}

TEST_F(EmbeddedFaults, AProducerThatGoesDoesNotWaitForAStalledDisk) {
    admin()->create_topic("t", {.partitions = 1});
    Stall stall(folder());
    auto producer = stream->producer({.delivery_timeout = patience});
    int reported = 0;
    for (int i = 0; i < 3; ++i) producer->produce("t", 0, {.value = "x"}, [&](const Delivery&) { ++reported; });
    const auto start = std::chrono::steady_clock::now();
    producer.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
    EXPECT_EQ(reported, 3);
    stall.end();
}

TEST_F(EmbeddedFaults, ACommitThatCanNotBeStoredThrowsAndIsMadeGood) {
    admin()->create_topic("t", {.partitions = 1});
    send("t", 0, "x");
    const auto consumer = stream->consumer({.group = "g", .topics = {"t"}}, {});
    ASSERT_THAT(consumer->poll(1, patience), SizeIs(1));
    {
        Stall stall(folder());
        EXPECT_THROW(consumer->commit({{{"t", 0}, 1}}), Unavailable);  // SQLite gives up after 5 s
        stall.end();
    }
    EXPECT_TRUE(wait_until([&] { return admin()->committed("g").contains({"t", 0}); }));
}

// Who reads on from the offsets before, while later ones may yet be stored, does the same work twice.
TEST_F(EmbeddedFaults, PartitionsWaitForATransactionThatTheDiskDoesNotAnswer) {
    using Outcome = TransactionReport::Outcome;
    admin()->create_topic("t", {.partitions = 1});
    admin()->create_topic("answers", {.partitions = 1});
    send("t", 0, std::vector<Record>{{.value = "0"}, {.value = "1"}});
    const GroupOptions group{.group = "g", .topics = {"t"}, .max_poll_interval = 100ms};
    const auto late = stream->consumer(group, {});
    ASSERT_THAT(late->poll(1, patience), SizeIs(1));
    const auto producer = stream->transactional_producer({.group = "g", .delivery_timeout = 200ms});
    const auto transact = [&](const std::string& value) {
        return producer->transact({{"answers", 0, {.value = value}}}, late->offsets({{{"t", 0}, 1}}));
    };
    Stall stall(folder());
    ASSERT_EQ(transact("perhaps").outcome, Outcome::unknown);
    EXPECT_EQ(transact("too late").outcome, Outcome::outdated) << "out of its group by now";
    const auto other = stream->consumer(group, {});
    const auto end = std::chrono::steady_clock::now() + 500ms;
    while (std::chrono::steady_clock::now() < end) other->poll(1, 20ms);
    EXPECT_THAT(other->assignment(), SizeIs(0));
    stall.end();
    EXPECT_NO_THROW(producer->settle());
    EXPECT_EQ(transact("of a zombie").outcome, Outcome::outdated);
    const auto records = other->poll(1, patience);
    ASSERT_THAT(records, SizeIs(1));
    const auto answers = values(read({"answers", 0}));
    EXPECT_EQ(records[0].offset, static_cast<std::int64_t>(answers.size()));
    for (const auto& value : answers) EXPECT_EQ(value, "perhaps");
}

}  // namespace
}  // namespace nearline::stream
