// One suite on schema::Registry, run against everything that is one.

#include <atomic>
#include <boost/json/value.hpp>
#include <functional>
#include <gmock/gmock.h>
#include <set>
#include <thread>

#include "domain/uuid.hpp"
#include "http/client.hpp"
#include "schema/builtin_schemas.hpp"
#include "schema/framing.hpp"
#include "schema/json_schema.hpp"
#include "schema/registry.hpp"
#include "schema/topic_codec.hpp"
#include "support/registries.hpp"

namespace nearline::schema {
namespace {

using testing::Contains;
using testing::IsEmpty;

/// A registry under test, and what belongs to it.
struct Candidate {
    std::shared_ptr<void> server;
    std::shared_ptr<Registry> registry;
    std::string url;  ///< empty: has no REST API
};

struct Kind {
    const char* name;
    std::function<Candidate(Metrics&)> make;
};

void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.name;
}

Candidate embedded(Metrics&) {
    struct Own {
        test::TempDir dir;
        registry::EmbeddedRegistry registry{dir / "registry.db"};
    };
    const auto own = std::make_shared<Own>();
    return {own, std::shared_ptr<Registry>(own, &own->registry), ""};
}

Candidate served(Metrics& metrics) {
    const auto server = std::make_shared<test::ServedRegistry>();
    // A slash at the end makes no difference.
    return {server, make_registry_client({.url = server->url() + "/"}, metrics), server->url()};
}

Candidate apicurio(Metrics& metrics) {
    const auto& url = test::apicurio_url();
    return {nullptr, make_registry_client({.url = url, .timeout = std::chrono::seconds(20)}, metrics), url};
}

class RegistryContract : public testing::TestWithParam<Kind> {
protected:
    Metrics metrics_;
    Candidate candidate_ = GetParam().make(metrics_);
    Registry& registry_ = *candidate_.registry;

    /// A subject that nobody else uses: the server may be shared.
    std::string subject_ = "contract-" + Uuid::random().to_string() + "-value";

    /// A schema that nobody else has registered.
    static std::string new_schema(const std::string& rest) {
        return R"({"$schema":"http://json-schema.org/draft-07/schema#","$comment":")" + Uuid::random().to_string() +
               "\"," + rest + "}";
    }
    void want_backward(const std::string& subject) {
        if (candidate_.url.empty()) return;
        const auto answer =
            http::fetch(candidate_.url + "/config/" + subject,
                        {"PUT", "/", {{"Content-Type", "application/json"}}, R"({"compatibility":"BACKWARD"})"});
        ASSERT_EQ(answer.status, 200) << answer.body;
    }
};

INSTANTIATE_TEST_SUITE_P(Kinds, RegistryContract,
                         testing::Values(Kind{"Embedded", embedded}, Kind{"EmbeddedOverRest", served},
                                         Kind{"ApicurioOverRest", apicurio}),
                         [](const auto& info) { return info.param.name; });

TEST_P(RegistryContract, GivesBackWhatWasRegistered) {
    const auto schema = new_schema(R"("type":"object","properties":{"a":{"type":"number"}})");
    const auto id = registry_.register_schema(subject_, schema).value();
    EXPECT_GT(id, 0);
    const auto read = registry_.schema_by_id(id);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(canonical_form(*read), canonical_form(schema));
    EXPECT_THAT(registry_.subjects_of(id), testing::ElementsAre(subject_));
}

TEST_P(RegistryContract, GivesTheSameIdForTheSameSchema) {
    const auto schema = new_schema(R"("type":"object")");
    const auto id = registry_.register_schema(subject_, schema).value();
    EXPECT_EQ(registry_.register_schema(subject_, schema).value(), id);
    const auto other = "other-" + subject_;
    EXPECT_EQ(registry_.register_schema(other, schema).value(), id);
    EXPECT_THAT(registry_.subjects_of(id), testing::UnorderedElementsAre(subject_, other));
}

TEST_P(RegistryContract, GivesAnotherIdForAnotherSchema) {
    const auto first = registry_.register_schema(subject_, new_schema(R"("type":"number")")).value();
    const auto second = registry_.register_schema(subject_, new_schema(R"("type":["number","null"])")).value();
    EXPECT_NE(first, second);
    EXPECT_THAT(registry_.subjects_of(first), Contains(subject_));
    EXPECT_THAT(registry_.subjects_of(second), Contains(subject_));
}

TEST_P(RegistryContract, KnowsNothingOfOtherIds) {
    EXPECT_EQ(registry_.schema_by_id(2'000'000'000), std::nullopt);
    EXPECT_THAT(registry_.subjects_of(2'000'000'000), IsEmpty());
}

TEST_P(RegistryContract, SaysNoToWhatIsNoSchema) {
    const auto refused = registry_.register_schema(subject_, "{no schema");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().status, 422);
    EXPECT_THAT(refused.error().detail, testing::HasSubstr(subject_));
}

TEST_P(RegistryContract, SaysNoToWhatMayNotFollow) {
    const auto first = new_schema(R"("type":"object","properties":{"a":{"type":"number"}})");
    const auto id = registry_.register_schema(subject_, first).value();
    want_backward(subject_);
    const auto refused = registry_.register_schema(subject_, new_schema(R"("type":"string")"));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().status, 409);
    EXPECT_EQ(registry_.register_schema(subject_, first).value(), id) << "what is there stays";
}

TEST_P(RegistryContract, TakesSubjectsWithAnyCharacters) {
    const auto subject = "a/b ü%20?#" + subject_;
    const auto id = registry_.register_schema(subject, new_schema(R"("type":"object")")).value();
    EXPECT_THAT(registry_.subjects_of(id), Contains(subject));
}

TEST_P(RegistryContract, TakesTheSchemasOfIris) {
    for (const auto schema : {iris_input(), iris_output()}) {
        const auto id =
            registry_.register_schema(subject_ + std::to_string(schema.size()), std::string(schema)).value();
        EXPECT_EQ(canonical_form(registry_.schema_by_id(id).value()), canonical_form(schema));
    }
}

TEST_P(RegistryContract, ServesManyThreads) {
    const auto schema = new_schema(R"("type":"object")");
    const auto id = registry_.register_schema(subject_, schema).value();
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 5; ++n) {
                right += registry_.register_schema(subject_, schema).value() == id ? 1 : 0;
                right += registry_.schema_by_id(id).has_value() ? 1 : 0;
                right += registry_.subjects_of(id).size() == 1 ? 1 : 0;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(right, 60);
}

TEST_P(RegistryContract, ServesTheCodecOfATopic) {
    const auto topic = "topic-" + Uuid::random().to_string();
    TopicCodec::Options options{.topic = topic, .schema = std::string(iris_input()), .unknown_id_patience = {}};
    TopicCodec writer(registry_, options);
    writer.connect().value();
    const auto value = writer.encode(R"({"sepal_length":5.2,"sepal_width":3.6,"petal_length":1.5,"petal_width":0.3})");
    // A reader that has registered nothing.
    TopicCodec reader(registry_, options);
    EXPECT_TRUE(std::holds_alternative<boost::json::value>(reader.decode(value)));
    const auto foreign = registry_.register_schema(subject_, new_schema(R"("type":"object")")).value();
    EXPECT_EQ(std::get<Rejection>(reader.decode(frame(foreign, "{}"))).class_name, "ForeignSchemaId");
    EXPECT_EQ(std::get<Rejection>(reader.decode(frame(2'000'000'001, "{}"))).class_name, "UnknownSchemaId");
}

}  // namespace
}  // namespace nearline::schema
