#include "schema/topic_codec.hpp"

#include <atomic>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <map>
#include <mutex>
#include <thread>

#include "schema/builtin_schemas.hpp"
#include "schema/framing.hpp"

namespace nearline::schema {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// A registry in memory that counts what it is asked.
class MemoryRegistry : public Registry {
public:
    Result<std::int32_t> register_schema(const std::string& subject, const std::string& schema) override {
        fail_if_down();
        if (refuses) return Problem{.status = 409, .title = "Incompatible", .detail = "no"};
        const std::lock_guard lock(mutex);
        for (auto& [id, entry] : entries) {
            if (entry.schema == schema) {
                entry.subjects.push_back(subject);
                return {boost::system::in_place_value, id};
            }
        }
        const auto id = static_cast<std::int32_t>(entries.size() + 1);
        entries[id] = {schema, {subject}};
        return {boost::system::in_place_value, id};
    }
    std::optional<std::string> schema_by_id(std::int32_t id) override {
        fail_if_down();
        ++asked;
        if (asked == registers_at_question) register_schema(late_subject, late_schema).value();
        const std::lock_guard lock(mutex);
        const auto found = entries.find(id);
        return found == entries.end() ? std::nullopt : std::optional(found->second.schema);
    }
    std::vector<std::string> subjects_of(std::int32_t id) override {
        fail_if_down();
        const std::lock_guard lock(mutex);
        const auto found = entries.find(id);
        return found == entries.end() ? std::vector<std::string>() : found->second.subjects;
    }
    void fail_if_down() const {
        if (down) throw Unavailable("the schema registry does not answer");
    }

    struct Entry {
        std::string schema;
        std::vector<std::string> subjects;
    };
    std::mutex mutex;
    std::map<std::int32_t, Entry> entries;
    std::atomic<bool> down{false};
    std::atomic<int> asked{0};
    bool refuses = false;
    int registers_at_question = 0;
    std::string late_subject;
    std::string late_schema;
};

TopicCodec::Options options(std::chrono::milliseconds patience = 0ms) {
    return {.topic = "input-topic",
            .schema = std::string(iris_input()),
            .unknown_id_patience = patience,
            .unknown_id_memory = 60s};
}

const std::string observation = R"({"sepal_length":5.2,"sepal_width":3.6,"petal_length":1.5,"petal_width":0.3})";

Rejection rejection_of(const TopicCodec::Decoded& decoded) {
    const auto* rejection = std::get_if<Rejection>(&decoded);
    return rejection != nullptr ? *rejection : Rejection{.stage = "(accepted)", .class_name = "", .message = ""};
}

TEST(TopicCodec, WritesWithTheIdOfItsOwnSchema) {
    MemoryRegistry registry;
    registry.register_schema("other", R"({"type":"object"})").value();
    TopicCodec codec(registry, options());
    EXPECT_FALSE(codec.connected());
    EXPECT_EQ(codec.connect().value(), 2);
    EXPECT_TRUE(codec.connected());
    EXPECT_EQ(codec.encode(observation), frame(2, observation));
    EXPECT_EQ(registry.entries[2].subjects, std::vector<std::string>{"input-topic-value"});
}

TEST(TopicCodec, ReadsItsOwnWithoutAskingTheRegistry) {
    MemoryRegistry registry;
    TopicCodec codec(registry, options());
    codec.connect().value();
    registry.down = true;
    const auto decoded = codec.decode_cached(codec.encode(observation));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(std::get<boost::json::value>(*decoded).at("sepal_length"), 5.2);
}

TEST(TopicCodec, SaysWhyARecordIsNone) {
    MemoryRegistry registry;
    TopicCodec codec(registry, options());
    const auto id = codec.connect().value();
    const auto other = registry.register_schema("orders-value", R"({"type":"object","title":"order"})").value();
    const auto unusable = registry.register_schema("input-topic-value", R"({"$ref":"http://example.com/x"})").value();
    struct Case {
        std::optional<std::string> value;
        std::string stage, class_name, words;
        int status;
    };
    const std::vector<Case> cases{
        {std::nullopt, "frame", "NullValue", "no value", 400},
        {"", "frame", "EmptyValue", "is empty", 400},
        {std::string("\0\0\0", 3), "frame", "NoFrame", "has 3 bytes", 400},
        {observation, "frame", "WrongMagicByte", "without a schema registry's serializer", 400},
        {"\x05" + observation, "frame", "WrongMagicByte", "begins with byte 0x05", 400},
        {frame(77, observation), "schema", "UnknownSchemaId", "no schema with the id 77", 422},
        {frame(-1, observation), "schema", "UnknownSchemaId", "no schema with the id 4294967295", 422},
        {frame(other, observation), "schema", "ForeignSchemaId", "not registered under the subject input-topic-value",
         422},
        {frame(unusable, observation), "schema", "UnusableSchema", "can't be used", 422},
        {frame(id, "{sepal_length: 5}"), "json", "MalformedJson", "the record's value is not valid JSON", 400},
        {frame(id, ""), "json", "MalformedJson", "empty", 400},
        {frame(id, R"({"sepal_length":5.2,"sepal_width":3.6,"petal_length":1.5})"), "validation", "SchemaViolation",
         "/petal_width is missing", 422}};
    for (const auto& one : cases) {
        const auto rejection = rejection_of(codec.decode(one.value));
        EXPECT_EQ(rejection.stage, one.stage);
        EXPECT_EQ(rejection.class_name, one.class_name);
        EXPECT_THAT(rejection.message, HasSubstr(one.words));
        EXPECT_EQ(rejection.status, one.status);
    }
}

TEST(TopicCodec, ReadsAnotherSchemaOfItsSubjectByThatSchema) {
    MemoryRegistry registry;
    TopicCodec codec(registry, options());
    codec.connect().value();
    const auto id = registry.register_schema("input-topic-value", R"({"required":["sepal_length"]})").value();
    const auto value = frame(id, R"({"sepal_length":"long","and":"more"})");
    EXPECT_FALSE(codec.decode_cached(value).has_value());
    EXPECT_TRUE(std::holds_alternative<boost::json::value>(codec.decode(value)));
    EXPECT_TRUE(codec.decode_cached(value).has_value());
    EXPECT_EQ(registry.asked, 1);
}

TEST(TopicCodec, AsksAgainForAnIdThatMayJustHaveBeenRegistered) {
    MemoryRegistry registry;
    TopicCodec codec(registry, options(10s));
    codec.connect().value();
    registry.registers_at_question = 3;
    registry.late_subject = "input-topic-value";
    registry.late_schema = R"({"title":"late"})";
    EXPECT_TRUE(std::holds_alternative<boost::json::value>(codec.decode(frame(2, observation))));
    EXPECT_EQ(registry.asked, 3);
}

TEST(TopicCodec, AsksOnceForThoseWhoWaitThemselves) {
    MemoryRegistry registry;
    TopicCodec codec(registry, options(10s));
    const auto own = codec.connect().value();
    TopicCodec::Wait wait;
    const auto now = std::chrono::steady_clock::now();
    EXPECT_EQ(codec.decode_once(frame(9, observation), wait), std::nullopt) << "it may be registered in a moment";
    EXPECT_EQ(registry.asked, 1);
    EXPECT_GT(wait.until, now);
    EXPECT_LT(wait.until, now + 1s);
    TopicCodec::Wait other;
    EXPECT_TRUE(std::holds_alternative<boost::json::value>(codec.decode_once(frame(own, observation), other).value()));
    EXPECT_EQ(rejection_of(codec.decode_once("{}", other).value()).class_name, "WrongMagicByte");
    const auto late = registry.register_schema("input-topic-value", R"({"title":"late"})").value();
    EXPECT_TRUE(std::holds_alternative<boost::json::value>(codec.decode_once(frame(late, observation), other).value()));
    registry.down = true;
    EXPECT_THROW(codec.decode_once(frame(10, observation), other), Unavailable);
}

TEST(TopicCodec, ANoStandsWhenItHasBeenWaitedForLongEnough) {
    MemoryRegistry registry;
    TopicCodec codec(registry, options(50ms));
    TopicCodec::Wait wait;
    std::optional<TopicCodec::Decoded> decoded;
    int waits = 0;
    while (!(decoded = codec.decode_once(frame(9, observation), wait))) {
        ++waits;
        std::this_thread::sleep_until(wait.until);
    }
    EXPECT_EQ(rejection_of(*decoded).class_name, "UnknownSchemaId");
    EXPECT_GE(waits, 2);
    const int asked = registry.asked;
    EXPECT_TRUE(codec.decode_once(frame(9, observation), wait).has_value());
    EXPECT_EQ(registry.asked, asked) << "remembered";
}

TEST(TopicCodec, RemembersANo) {
    MemoryRegistry registry;
    TopicCodec codec(registry, options());
    EXPECT_EQ(rejection_of(codec.decode(frame(9, observation))).class_name, "UnknownSchemaId");
    registry.down = true;
    EXPECT_EQ(rejection_of(codec.decode(frame(9, observation))).class_name, "UnknownSchemaId");
    EXPECT_EQ(registry.asked, 1);
}

TEST(TopicCodec, ForgetsANo) {
    MemoryRegistry registry;
    auto forgetful = options();
    forgetful.unknown_id_memory = 0ms;
    TopicCodec codec(registry, forgetful);
    codec.decode(frame(1, observation));
    registry.register_schema("input-topic-value", R"({"title":"now"})").value();
    EXPECT_TRUE(std::holds_alternative<boost::json::value>(codec.decode(frame(1, observation))));
}

TEST(TopicCodec, SpendsABoundedTimeOnMadeUpIds) {
    MemoryRegistry registry;
    TopicCodec codec(registry, options(20ms));
    const auto start = std::chrono::steady_clock::now();
    for (int id = 100; id < 1100; ++id) {
        EXPECT_EQ(rejection_of(codec.decode(frame(id, observation))).class_name, "UnknownSchemaId");
    }
    // Five patiences of 20 ms, not a thousand.
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    EXPECT_GE(registry.asked, 1000);
}

TEST(TopicCodec, ThrowsWhileTheRegistryCannotSay) {
    MemoryRegistry registry;
    TopicCodec codec(registry, options());
    registry.down = true;
    EXPECT_THROW(codec.connect(), Unavailable);
    EXPECT_FALSE(codec.connected());
    EXPECT_THROW(codec.decode(frame(1, observation)), Unavailable);
    registry.down = false;
    EXPECT_TRUE(codec.connect().has_value());
    EXPECT_TRUE(std::holds_alternative<boost::json::value>(codec.decode(frame(1, observation))));
}

TEST(TopicCodec, PassesOnThatTheRegistryRefuses) {
    MemoryRegistry registry;
    registry.refuses = true;
    TopicCodec codec(registry, options());
    const auto id = codec.connect();
    ASSERT_FALSE(id.has_value());
    EXPECT_EQ(id.error().status, 409);
    EXPECT_FALSE(codec.connected());
}

TEST(TopicCodec, ServesManyThreads) {
    MemoryRegistry registry;
    TopicCodec codec(registry, options());
    const auto own = codec.connect().value();
    std::vector<std::int32_t> ids{own, 50};
    for (const auto* schema : {R"({"title":"a"})", R"({"title":"b"})"}) {
        ids.push_back(registry.register_schema("input-topic-value", schema).value());
    }
    std::atomic<int> documents{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 400; ++n) {
                const auto decoded = codec.decode(frame(ids[static_cast<std::size_t>(n) % ids.size()], observation));
                documents += std::holds_alternative<boost::json::value>(decoded) ? 1 : 0;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(documents, 4 * 300);
}

}  // namespace
}  // namespace nearline::schema
