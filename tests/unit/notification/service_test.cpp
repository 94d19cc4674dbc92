// The whole of the mail in one process: reading, sending and ending, where stream and mail server do as the test says.

#include "notification/service.hpp"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <thread>

#include "domain/problem.hpp"
#include "domain/time.hpp"
#include "notification/outbox_impl.hpp"
#include "schema/builtin_schemas.hpp"
#include "support/scripted_registry.hpp"
#include "support/scripted_stream.hpp"
#include "support/temp_dir.hpp"

namespace nearline::notification {
namespace {

using namespace std::chrono_literals;
using Outcome = Sent::Outcome;

/// What the mailers of all senders do.
struct MailServer {
    std::atomic<bool> is_away = false;
    std::atomic<bool> hangs = false;
    std::set<std::string> silent_about{};  // puts these off once, and then says nothing; set before start()
    std::atomic<bool> is_silent = true;
    std::atomic<int> silent_now = 0;
    std::atomic<int> tries = 0;
    std::mutex mutex;
    std::multiset<std::string> sent;
    std::set<std::string> put_off;

    std::size_t count() {
        const std::scoped_lock lock(mutex);
        return sent.size();
    }
    std::size_t put_off_count() {
        const std::scoped_lock lock(mutex);
        return put_off.size();
    }
};

class ServedMailer final : public Mailer {
public:
    explicit ServedMailer(MailServer& server) : server_(server) {}
    std::string dependency() const override { return "smtp"; }
    Sent send(const Message& message) override {
        ++server_.tries;
        if (server_.is_away) return {Outcome::away, "refused"};
        if (server_.silent_about.contains(message.to)) {
            if (is_first_about(message.to)) return {Outcome::temporary, "timed out"};
            ++server_.silent_now;
            while (server_.is_silent && !is_cancelled_) std::this_thread::sleep_for(1ms);
            --server_.silent_now;
        }
        while (server_.hangs) {
            if (is_cancelled_) return {Outcome::unknown, "stopped"};
            std::this_thread::sleep_for(1ms);
        }
        const std::scoped_lock lock(server_.mutex);
        server_.sent.insert(message.id);
        return {};
    }
    void cancel() noexcept override { is_cancelled_ = true; }

private:
    bool is_first_about(const std::string& address) {
        const std::scoped_lock lock(server_.mutex);
        return server_.put_off.insert(address).second;
    }

    MailServer& server_;
    std::atomic<bool> is_cancelled_ = false;
};

class EverybodysAddress final : public AddressBook {
public:
    static std::string of(const Uuid& user) { return user.to_string() + "@example.com"; }
    std::optional<Recipient> find(const Uuid& user) override { return Recipient{of(user), true}; }
    std::string dependency() const override { return "users database"; }
};

class ServiceTest : public ::testing::Test {
protected:
    ServiceTest() {
        EXPECT_TRUE(codec_.connect());
        options_.courier.from = {"", "nearline@example.com"};
        options_.courier.rules.limit = 0;
        options_.senders = 3;
        options_.server_retry = {.first = 10ms, .most = 50ms};
        options_.sink.group = "mail";
        options_.sink.linger = 0ms;
    }
    ~ServiceTest() override { service_.reset(); }

    void start() {
        service_ = std::make_unique<Service>(
            Service::Parts{stream_, codec_, *outbox_, addresses_, templates_, metrics_, health_}, options_,
            [this] { return std::make_unique<ServedMailer>(server_); });
        service_->start();
        stream_.assign({{"output-topic", 0}});
    }
    void append(int records, const Uuid& user) {
        for (int i = 0; i < records; ++i) {
            stream::Record record;
            record.timestamp =
                std::chrono::duration_cast<std::chrono::milliseconds>(wall_now().time_since_epoch()).count();
            record.value = codec_.encode(
                R"({"sepal_length":5.1,"sepal_width":3.5,"petal_length":1.4,"petal_width":0.2,"status":200,)"
                R"("model_id":null,"prediction":"setosa","model_type":null,)"
                R"("created_at":"2022-12-29 00:07:11.830677","message":"Success"})");
            record.headers = {{"request-id", Uuid::random().to_string()}, {"user", user.to_string()}};
            stream_.append("output-topic", 0, std::move(record));
        }
    }
    static bool wait(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(2ms);
        }
        return true;
    }

    test::TempDir dir_;
    Metrics metrics_;
    Health health_{metrics_};
    test::ScriptedStream stream_;
    test::ScriptedRegistry registry_;
    schema::TopicCodec codec_{registry_, {.topic = "output-topic", .schema = std::string(schema::iris_output())}};
    std::unique_ptr<Outbox> outbox_ = make_sqlite_outbox(dir_ / "users.db");
    EverybodysAddress addresses_;
    Templates templates_{std::nullopt, std::nullopt};
    MailServer server_;
    Service::Options options_;
    std::unique_ptr<Service> service_;
};

TEST_F(ServiceTest, MailsWhatComesOnceAndCommits) {
    start();
    for (int user = 0; user < 5; ++user) append(10, Uuid::random());
    ASSERT_TRUE(wait([&] { return server_.count() == 50; }));
    service_->drain(std::chrono::steady_clock::now() + 5s);
    EXPECT_EQ(50, (stream_.committed().at(stream::TopicPartition{"output-topic", 0})));
    EXPECT_EQ(0U, outbox_->totals().waiting);
    EXPECT_EQ(50U, std::set(server_.sent.begin(), server_.sent.end()).size());
}

TEST_F(ServiceTest, SendsWhatWaitsWithoutTheStream) {
    start();
    server_.is_away = true;
    append(3, Uuid::random());
    ASSERT_TRUE(wait([&] { return server_.tries > 0; }));
    service_.reset();
    server_.is_away = false;
    stream_.fail_admin(true);
    start();
    EXPECT_TRUE(wait([&] { return server_.count() == 3; }));
}

TEST_F(ServiceTest, SaysSoonWhatWaits) {
    const auto begin = std::chrono::steady_clock::now();
    const Gauge waiting = NotificationMetrics(metrics_).waiting;
    server_.is_away = true;
    start();
    append(3, Uuid::random());
    ASSERT_TRUE(wait([&] { return waiting.value() == 3; }));
    server_.is_away = false;
    ASSERT_TRUE(wait([&] { return waiting.value() == 0; }));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST_F(ServiceTest, WhileTheServerIsAwayOneTriesForAll) {
    options_.server_retry = {.first = 100ms, .most = 100ms};
    server_.is_away = true;
    start();
    for (int user = 0; user < 20; ++user) append(1, Uuid::random());
    ASSERT_TRUE(wait([&] { return server_.tries > 0; }));
    const int before = server_.tries;
    std::this_thread::sleep_for(1s);
    EXPECT_LE(server_.tries - before, 25);
    EXPECT_EQ(1U, health_.missing().count("smtp"));
    server_.is_away = false;
    EXPECT_TRUE(wait([&] { return server_.count() == 20; }));
    EXPECT_EQ(0U, health_.missing().count("smtp"));
}

TEST_F(ServiceTest, WhoKeepsTheServerSilentLeavesSendersForOthers) {
    options_.senders = 4;
    options_.courier.retry = {.first = 1ms, .most = 2ms};
    std::vector<Uuid> silent;
    for (int i = 0; i < 6; ++i) {
        silent.push_back(Uuid::random());
        server_.silent_about.insert(EverybodysAddress::of(silent.back()));
    }
    start();
    for (const Uuid& user : silent) append(1, user);
    ASSERT_TRUE(wait([&] { return server_.put_off_count() == 6 && server_.silent_now == 2; }));
    for (int user = 0; user < 10; ++user) append(5, Uuid::random());
    EXPECT_TRUE(wait([&] { return server_.count() == 50; }));
    EXPECT_EQ(2, server_.silent_now) << "half of the senders";
    server_.is_silent = false;
    EXPECT_TRUE(wait([&] { return server_.count() == 56; })) << "nobody is forgotten";
}

TEST_F(ServiceTest, OneSenderServesAlsoWhoFailed) {
    options_.senders = 1;
    options_.courier.retry = {.first = 1ms, .most = 2ms};
    const Uuid user = Uuid::random();
    server_.silent_about.insert(EverybodysAddress::of(user));
    server_.is_silent = false;
    start();
    append(1, user);
    EXPECT_TRUE(wait([&] { return server_.count() == 1; }));
}

TEST_F(ServiceTest, ADrainLetsGoOfAMailThatHangs) {
    server_.hangs = true;
    start();
    append(1, Uuid::random());
    ASSERT_TRUE(wait([&] { return server_.tries == 1; }));
    const auto begin = std::chrono::steady_clock::now();
    service_->drain(begin + 200ms);
    service_->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
    EXPECT_EQ(1U, outbox_->totals().waiting) << "for the next process";
}

TEST_F(ServiceTest, AnotherLimitHoldsForWhatWaits) {
    options_.courier.rules.limit = 1;
    start();
    append(3, Uuid::random());
    ASSERT_TRUE(wait([&] { return NotificationMetrics(metrics_).held_back.value() == 1; }));
    service_.reset();
    EXPECT_EQ(1U, server_.count());
    options_.courier.rules.limit = 0;
    start();
    EXPECT_TRUE(wait([&] { return outbox_->totals().waiting == 0; }));
    EXPECT_EQ(2U, server_.count()) << "what was held back is one mail";
}

TEST_F(ServiceTest, AnotherModeHoldsForWhatWaits) {
    options_.courier.rules.mode = MailRules::Mode::digest;
    outbox_->prepare();
    start();
    append(3, Uuid::random());
    ASSERT_TRUE(wait([&] { return outbox_->next_due().value_or(0ms) > 1h; }));
    service_.reset();
    EXPECT_EQ(0, server_.tries);
    options_.courier.rules.mode = MailRules::Mode::every;
    start();
    EXPECT_TRUE(wait([&] { return server_.count() == 3; }));
}

TEST_F(ServiceTest, SwitchedOffItReadsAndMailsNothing) {
    options_.courier.rules.mode = MailRules::Mode::off;
    outbox_->prepare();
    outbox_->add(std::vector{Entry{.request_id = Uuid::random(), .user = Uuid::random()}});
    start();
    ASSERT_TRUE(wait([&] { return outbox_->totals().waiting == 0; })) << "what waited is mailed when it is on again";
    append(3, Uuid::random());
    ASSERT_TRUE(wait([&] { return NotificationMetrics(metrics_).switched_off.value() == 4; }));
    EXPECT_EQ(0, server_.tries);
    EXPECT_EQ(0U, outbox_->totals().waiting);
}

}  // namespace
}  // namespace nearline::notification
