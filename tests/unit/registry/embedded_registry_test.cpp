#include "registry/embedded_registry.hpp"

#include <atomic>
#include <gmock/gmock.h>
#include <set>
#include <thread>

#include "support/temp_dir.hpp"

namespace nearline::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string number = R"({"type":"number"})";
const std::string number_or_null = R"({"type":["number","null"]})";
const std::string text = R"({"type":"string"})";

class EmbeddedRegistryTest : public testing::Test {
protected:
    nearline::test::TempDir dir_;
    EmbeddedRegistry registry_{dir_ / "registry.db"};

    std::int32_t id_of(const std::string& subject, const std::string& schema) {
        return registry_.register_schema(subject, schema).value();
    }
    int code_of(const std::string& subject, const std::string& schema) {
        const auto added = registry_.add(subject, schema);
        return added ? 0 : added.error().code;
    }
};

TEST_F(EmbeddedRegistryTest, GivesEqualSchemasOneId) {
    const auto id = id_of("a", R"({"type": "object", "title": "t"})");
    EXPECT_EQ(id_of("a", R"({"title":"t",    "type":"object"})"), id);
    EXPECT_EQ(id_of("b", R"({ "title" : "t", "type" : "object" })"), id);
    EXPECT_NE(id_of("c", R"({"title":"u","type":"object"})"), id);
    EXPECT_THAT(registry_.versions("a", Scope::with_deleted).value(), ElementsAre(1));
    EXPECT_EQ(registry_.schema_by_id(id), R"({"type": "object", "title": "t"})");
    EXPECT_THAT(registry_.subjects_of(id), ElementsAre("a", "b"));
}

TEST_F(EmbeddedRegistryTest, KnowsNothingOfOtherIds) {
    EXPECT_EQ(registry_.schema_by_id(1), std::nullopt);
    EXPECT_EQ(registry_.schema_by_id(-1), std::nullopt);
    EXPECT_THAT(registry_.subjects_of(7), IsEmpty());
}

TEST_F(EmbeddedRegistryTest, KeepsEverythingOverARestart) {
    const auto id = id_of("a", number);
    registry_.set_compatibility("a", Compatibility::full);
    EmbeddedRegistry again(dir_ / "registry.db");
    EXPECT_EQ(again.register_schema("a", number).value(), id);
    EXPECT_EQ(again.compatibility("a"), Compatibility::full);
}

TEST_F(EmbeddedRegistryTest, RefusesWhatIsNoSchemaOrDoesNotFollow) {
    EXPECT_EQ(code_of("a", "{type: number}"), 42201);
    EXPECT_EQ(code_of("a", R"({"type":"flower"})"), 42201);
    EXPECT_EQ(code_of("a", R"({"multipleOf":0})"), 42201);
    EXPECT_EQ(code_of("a", R"({"maximum":1e999})"), 42201);
    EXPECT_EQ(code_of("a", R"({"allOf":{}})"), 42201);
    EXPECT_EQ(code_of("", number), 42208);
    EXPECT_EQ(code_of("\xff", number), 42208);
    EXPECT_EQ(code_of(std::string(256, 'a'), number), 42208);
    EXPECT_EQ(registry_.delete_subject("\xff", false).error().message, "Subject not found.");
    EXPECT_THAT(registry_.subjects(Scope::with_deleted, ""), IsEmpty());
    id_of("a", number);
    EXPECT_EQ(code_of("a", number_or_null), 0);
    EXPECT_EQ(code_of("a", number), 0) << "it is there already";
    EXPECT_EQ(code_of("a", text), 409);
    const auto refused = registry_.register_schema("a", text);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().status, 409);
    EXPECT_THAT(refused.error().detail, HasSubstr("version 2 allows null, number, the new schema only string"));
    EXPECT_THAT(registry_.versions("a", Scope::with_deleted).value(), ElementsAre(1, 2));
}

TEST_F(EmbeddedRegistryTest, LooksAtTheSubjectsLevelBeforeThatOfAll) {
    id_of("a", number);
    registry_.set_compatibility("", Compatibility::none);
    EXPECT_EQ(code_of("a", text), 0);
    registry_.set_compatibility("a", Compatibility::backward);
    EXPECT_EQ(code_of("a", R"({"type":"boolean"})"), 409);
    EXPECT_EQ(registry_.set_compatibility("a", std::nullopt), Compatibility::backward);
    EXPECT_EQ(code_of("a", R"({"type":"boolean"})"), 0);
    EXPECT_EQ(registry_.compatibility("a"), std::nullopt);
    registry_.set_compatibility("", std::nullopt);
    EXPECT_EQ(registry_.compatibility(), Compatibility::backward);
}

TEST_F(EmbeddedRegistryTest, FindsTheVersionThatIsMeant) {
    id_of("a", number);
    const auto second = id_of("a", number_or_null);
    EXPECT_EQ(registry_.version("a", VersionName{}, Scope::in_use).value().id, second);
    EXPECT_EQ(registry_.version("a", VersionName{1}, Scope::in_use).value().schema, number);
    EXPECT_EQ(registry_.version("a", VersionName{3}, Scope::in_use).error().code, 40402);
    EXPECT_EQ(registry_.version("b", VersionName{1}, Scope::in_use).error().code, 40401);
    EXPECT_EQ(registry_.find("a", R"({ "type":"number" })", Scope::in_use).value().version, 1);
    EXPECT_EQ(registry_.find("a", text, Scope::in_use).error().code, 40403);
    EXPECT_EQ(registry_.find("b", text, Scope::in_use).error().code, 40401);
    EXPECT_EQ(registry_.find("a", "no", Scope::in_use).error().code, 42201);
}

TEST_F(EmbeddedRegistryTest, TakesNamesInUtf8) {
    EXPECT_EQ(code_of("größe\"/\x01", number), 0);
    EXPECT_EQ(code_of(std::string(255, 'a'), number), 0);
}

TEST_F(EmbeddedRegistryTest, DeletesSoftlyAndThenForGood) {
    const auto id = id_of("a", number);
    id_of("a", number_or_null);
    EXPECT_EQ(registry_.delete_version("a", VersionName{1}, true).error().code, 40407);
    EXPECT_EQ(registry_.delete_version("a", VersionName{1}, false).value(), 1);
    EXPECT_EQ(registry_.delete_version("a", VersionName{1}, false).error().code, 40406);
    EXPECT_THAT(registry_.versions("a", Scope::in_use).value(), ElementsAre(2));
    EXPECT_THAT(registry_.versions("a", Scope::with_deleted).value(), ElementsAre(1, 2));
    EXPECT_EQ(registry_.schema_by_id(id), number) << "records outlive what is deleted";
    EXPECT_THAT(registry_.subjects_of(id), ElementsAre("a"));
    EXPECT_EQ(registry_.delete_version("a", VersionName{1}, true).value(), 1);
    EXPECT_EQ(registry_.schema_by_id(id), std::nullopt);
    EXPECT_EQ(registry_.delete_version("a", VersionName{}, false).value(), 2);
    EXPECT_EQ(registry_.delete_version("a", VersionName{}, false).error().code, 40401);
}

TEST_F(EmbeddedRegistryTest, DeletesASubjectSoftlyAndThenForGood) {
    const auto id = id_of("a", number);
    id_of("a", number_or_null);
    EXPECT_EQ(registry_.delete_subject("a", true).error().code, 40405);
    EXPECT_THAT(registry_.delete_subject("a", false).value(), ElementsAre(1, 2));
    EXPECT_EQ(registry_.delete_subject("a", false).error().code, 40404);
    EXPECT_THAT(registry_.subjects(Scope::in_use, ""), IsEmpty());
    EXPECT_THAT(registry_.subjects(Scope::with_deleted, ""), ElementsAre("a"));
    EXPECT_THAT(registry_.delete_subject("a", true).value(), ElementsAre(1, 2));
    EXPECT_EQ(registry_.delete_subject("a", true).error().code, 40401);
    EXPECT_EQ(registry_.delete_subject("b", false).error().code, 40401);
    EXPECT_EQ(id_of("a", number), id) << "an id keeps its meaning";
}

TEST_F(EmbeddedRegistryTest, RegistersAgainWhatWasDeleted) {
    const auto id = id_of("a", number);
    registry_.delete_version("a", VersionName{1}, false).value();
    const auto again = registry_.add("a", number).value();
    EXPECT_EQ(again.id, id);
    EXPECT_EQ(again.version, 2);
    EXPECT_EQ(registry_.find("a", number, Scope::in_use).value().version, 2);
}

TEST_F(EmbeddedRegistryTest, ChecksWithoutRegistering) {
    id_of("a", number);
    id_of("a", number_or_null);
    EXPECT_THAT(registry_.check("a", number, std::nullopt).value(), testing::Not(IsEmpty()));
    EXPECT_THAT(registry_.check("a", number, VersionName{1}).value(), IsEmpty());
    EXPECT_EQ(registry_.check("a", number, VersionName{9}).error().code, 40402);
    EXPECT_THAT(registry_.check("new", number, std::nullopt).value(), IsEmpty());
    EXPECT_EQ(registry_.check("new", number, VersionName{}).error().code, 40401);
    EXPECT_THAT(registry_.versions("a", Scope::with_deleted).value(), ElementsAre(1, 2));
}

TEST_F(EmbeddedRegistryTest, ListsSubjectsByPrefix) {
    for (const auto* subject : {"b%", "b_x", "a", "bx"}) id_of(subject, number);
    EXPECT_THAT(registry_.subjects(Scope::in_use, ""), ElementsAre("a", "b%", "b_x", "bx"));
    EXPECT_THAT(registry_.subjects(Scope::in_use, "b_"), ElementsAre("b_x"));
    EXPECT_THAT(registry_.subjects(Scope::in_use, "%"), IsEmpty());
}

TEST_F(EmbeddedRegistryTest, GivesOneIdToThreadsThatRegisterTheSame) {
    EmbeddedRegistry other(dir_ / "registry.db");
    std::vector<std::thread> threads;
    std::mutex mutex;
    std::set<std::int32_t> ids;
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&, i] {
            auto& one = i % 2 == 0 ? registry_ : other;
            for (int n = 0; n < 5; ++n) {
                const auto id = one.register_schema("a" + std::to_string(n), number).value();
                const std::lock_guard lock(mutex);
                ids.insert(id);
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(ids.size(), 1U);
    EXPECT_THAT(registry_.versions("a0", Scope::with_deleted).value(), ElementsAre(1));
}

TEST(VersionName, IsANumberOrTheLast) {
    EXPECT_EQ(VersionName::parse("7").value().number, 7);
    EXPECT_EQ(VersionName::parse("latest").value().number, std::nullopt);
    EXPECT_EQ(VersionName::parse("-1").value().number, std::nullopt);
    for (const auto* wrong : {"", "0", "-2", "1.0", "one", "2147483648", "1 ", " 1", "Latest"}) {
        const auto parsed = VersionName::parse(wrong);
        ASSERT_FALSE(parsed.has_value()) << wrong;
        EXPECT_EQ(parsed.error().code, 42202);
        EXPECT_EQ(parsed.error().status(), 422);
    }
}

}  // namespace
}  // namespace nearline::registry
