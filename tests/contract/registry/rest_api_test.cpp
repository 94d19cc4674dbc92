// Confluent's REST API of the embedded registry, request by request.

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>

#include "http/client.hpp"
#include "support/registries.hpp"

namespace nearline::registry {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

struct Answer {
    int status;
    json::value body;
};

class RestApi : public testing::Test {
protected:
    test::ServedRegistry server_;
    http::BlockingClient client_{server_.url()};

    Answer ask(const std::string& method, const std::string& target, const std::string& body = {}) {
        // As python-schema-registry-client does where there is no authentication.
        const auto response = client_.send({method, target, {{"Authorization", "Basic Og=="}}, body});
        EXPECT_EQ(response.headers.find("Content-Type"), "application/vnd.schemaregistry.v1+json") << target;
        return {response.status, json::parse(response.body)};
    }
    Answer get(const std::string& target) { return ask("GET", target); }

    static std::string with_schema(const std::string& schema, const std::string& more = {}) {
        return R"({"schemaType":"JSON","schema":)" + json::serialize(json::string(schema)) + more + "}";
    }
    json::value register_schema(const std::string& subject, const std::string& schema) {
        const auto answer = ask("POST", "/subjects/" + subject + "/versions?normalize=False", with_schema(schema));
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.body;
    }
    void expect_error(const Answer& answer, int status, int code, const std::string& words) {
        EXPECT_EQ(answer.status, status);
        ASSERT_TRUE(answer.body.is_object() && answer.body.as_object().contains("message")) << answer.body;
        EXPECT_EQ(answer.body.at("error_code"), code);
        EXPECT_THAT(std::string(answer.body.at("message").as_string()), HasSubstr(words));
    }
};

const std::string number = R"({"type":"number"})";
const std::string number_or_null = R"({"type":["number","null"]})";

TEST_F(RestApi, RegistersAndGivesBack) {
    EXPECT_EQ(register_schema("a-value", number), json::parse(R"({"id":1})"));
    EXPECT_EQ(register_schema("a-value", R"({ "type" : "number" })"), json::parse(R"({"id":1})"));
    EXPECT_EQ(register_schema("a-value", number_or_null), json::parse(R"({"id":2})"));
    EXPECT_EQ(get("/subjects").body, json::parse(R"(["a-value"])"));
    EXPECT_EQ(get("/subjects/a-value/versions").body, json::parse("[1,2]"));
    const auto version =
        json::parse(R"({"subject":"a-value","id":1,"version":1,"schemaType":"JSON","schema":"{\"type\":\"number\"}"})");
    EXPECT_EQ(get("/subjects/a-value/versions/1").body, version);
    EXPECT_EQ(ask("POST", "/subjects/a-value?normalize=False&deleted=False", with_schema(number)).body, version);
    for (const auto* latest : {"latest", "-1", "2"}) {
        EXPECT_EQ(get(std::string("/subjects/a-value/versions/") + latest).body.at("id"), 2) << latest;
    }
    EXPECT_EQ(get("/subjects/a-value/versions/1/schema").body, json::parse(number));
    EXPECT_EQ(get("/subjects/a-value/versions/1/referencedby").body, json::array{});
    EXPECT_EQ(get("/schemas/ids/1?subject=a-value").body,
              json::parse(R"({"schemaType":"JSON","schema":"{\"type\":\"number\"}"})"));
    EXPECT_EQ(get("/schemas/ids/1/schema").body, json::parse(number));
    EXPECT_EQ(get("/schemas/ids/1/versions").body, json::parse(R"([{"subject":"a-value","version":1}])"));
    EXPECT_EQ(get("/schemas/ids/1/subjects").body, json::parse(R"(["a-value"])"));
    EXPECT_EQ(get("/schemas/types").body, json::parse(R"(["JSON"])"));
    EXPECT_EQ(get("/mode").body, json::parse(R"({"mode":"READWRITE"})"));
    EXPECT_EQ(get("/contexts").body, json::parse(R"(["."])"));
    EXPECT_EQ(get("/").body, json::object{});
}

TEST_F(RestApi, SaysWhatIsNotThere) {
    register_schema("a-value", number);
    expect_error(get("/subjects/b-value/versions"), 404, 40401, "Subject 'b-value' not found");
    expect_error(get("/subjects/b-value/versions/1"), 404, 40401, "b-value");
    expect_error(get("/subjects/a-value/versions/7"), 404, 40402, "Version 7 not found");
    expect_error(get("/subjects/a-value/versions/first"), 422, 42202, "'first' is not a valid version");
    expect_error(get("/subjects/a-value/versions/0"), 422, 42202, "'0'");
    expect_error(get("/schemas/ids/77"), 404, 40403, "Schema not found");
    expect_error(get("/schemas/ids/77/versions"), 404, 40403, "Schema not found");
    expect_error(get("/schemas/ids/77/subjects"), 404, 40403, "Schema not found");
    expect_error(get("/schemas/ids/x"), 404, 40403, "'x' is no id");
    expect_error(ask("POST", "/subjects/b-value", with_schema(number)), 404, 40401, "b-value");
    expect_error(ask("POST", "/subjects/a-value", with_schema("{}")), 404, 40403, "Schema not found");
    expect_error(get("/associations/resources/-/topic?resourceType=topic&associationType=value"), 404, 40403,
                 "associations");
    expect_error(get("/mode/a-value"), 404, 40409, "READWRITE");
}

TEST_F(RestApi, SaysWhyASchemaIsNotTaken) {
    const std::string target = "/subjects/a-value/versions";
    expect_error(ask("POST", target, R"({"schema":"{}"})"), 422, 42201, R"(send "schemaType":"JSON")");
    expect_error(ask("POST", target, R"({"schemaType":"AVRO","schema":"{}"})"), 422, 42201, R"(not "AVRO")");
    expect_error(ask("POST", target, R"({"schemaType":"JSON"})"), 422, 42201, R"("schema" is missing)");
    expect_error(ask("POST", target, R"({"schemaType":"JSON","schema":{"type":"number"}})"), 422, 42201,
                 "must be a string");
    expect_error(ask("POST", target, with_schema("{type: number}")), 422, 42201, "no JSON");
    expect_error(ask("POST", target, with_schema(R"({"type":"flower"})")), 422, 42201, "flower");
    expect_error(ask("POST", target, with_schema(number, R"(,"references":[{"name":"x","subject":"y","version":1}])")),
                 422, 42201, "references");
    expect_error(ask("POST", target, with_schema(number, R"(,"ruleSet":{"domainRules":[]})")), 422, 42201, "ruleSet");
    expect_error(ask("POST", target, "{schema: 1}"), 400, 400, "keys need double quotes");
    expect_error(ask("POST", target, "[]"), 400, 400, "must be a JSON object");
    EXPECT_EQ(get("/subjects?deleted=true").body, json::array{});
    EXPECT_EQ(ask("POST", target, with_schema(number, R"(,"references":[],"metadata":null,"ruleSet":null)")).status,
              200);
}

TEST_F(RestApi, RefusesWhatMayNotFollowUnlessItIsLetTo) {
    register_schema("a-value", number);
    expect_error(ask("POST", "/subjects/a-value/versions", with_schema(R"({"type":"string"})")), 409, 409,
                 "incompatible with an earlier schema for subject \"a-value\" (compatibility BACKWARD)");
    EXPECT_EQ(ask("PUT", "/config/a-value", R"({"compatibility":"none"})").body,
              json::parse(R"({"compatibility":"NONE"})"));
    EXPECT_EQ(register_schema("a-value", R"({"type":"string"})"), json::parse(R"({"id":2})"));
}

TEST_F(RestApi, ChecksCompatibility) {
    const std::string target = "/compatibility/subjects/a-value/versions";
    EXPECT_EQ(ask("POST", target, with_schema(number)).body, json::parse(R"({"is_compatible":true})"));
    expect_error(ask("POST", target + "/latest", with_schema(number)), 404, 40401, "a-value");
    register_schema("a-value", number);
    EXPECT_EQ(ask("POST", target + "/latest", with_schema(number_or_null)).body,
              json::parse(R"({"is_compatible":true})"));
    const auto no = ask("POST", target + "/1?verbose=True", with_schema(R"({"type":"string"})"));
    EXPECT_EQ(no.status, 200);
    EXPECT_EQ(no.body.at("is_compatible"), false);
    EXPECT_THAT(json::serialize(no.body.at("messages")),
                HasSubstr("version 1 allows number, the new schema only string"));
    EXPECT_EQ(ask("POST", target, with_schema(R"({"type":"string"})")).body, json::parse(R"({"is_compatible":false})"));
    expect_error(ask("POST", target + "/9", with_schema(number)), 404, 40402, "Version 9");
    expect_error(ask("POST", target + "/x", with_schema(number)), 422, 42202, "'x'");
    expect_error(ask("POST", target, with_schema("[]")), 422, 42201, "is an object");
}

TEST_F(RestApi, KeepsCompatibilityLevels) {
    EXPECT_EQ(get("/config").body, json::parse(R"({"compatibilityLevel":"BACKWARD"})"));
    EXPECT_EQ(ask("PUT", "/config", R"({"compatibility":"FULL"})").body, json::parse(R"({"compatibility":"FULL"})"));
    EXPECT_EQ(get("/config").body, json::parse(R"({"compatibilityLevel":"FULL"})"));
    expect_error(get("/config/a"), 404, 40408, "does not have subject-level compatibility");
    EXPECT_EQ(get("/config/a?defaultToGlobal=true").body, json::parse(R"({"compatibilityLevel":"FULL"})"));
    EXPECT_EQ(ask("PUT", "/config/a", R"({"compatibility":"NONE"})").status, 200);
    EXPECT_EQ(get("/config/a").body, json::parse(R"({"compatibilityLevel":"NONE"})"));
    EXPECT_EQ(ask("DELETE", "/config/a").body, json::parse(R"({"compatibilityLevel":"NONE"})"));
    expect_error(ask("DELETE", "/config/a"), 404, 40408, "'a'");
    EXPECT_EQ(ask("DELETE", "/config").body, json::parse(R"({"compatibilityLevel":"FULL"})"));
    EXPECT_EQ(get("/config").body, json::parse(R"({"compatibilityLevel":"BACKWARD"})"));
    for (const auto* wrong :
         {R"({"compatibility":"SOMETIMES"})", R"({"compatibilityLevel":"FULL"})", R"({"compatibility":1})"}) {
        expect_error(ask("PUT", "/config", wrong), 422, 42203, "BACKWARD_TRANSITIVE");
    }
}

TEST_F(RestApi, DeletesSoftlyAndThenForGood) {
    register_schema("a-value", number);
    register_schema("a-value", number_or_null);
    expect_error(ask("DELETE", "/subjects/a-value?permanent=true"), 404, 40405, "not deleted first");
    expect_error(ask("DELETE", "/subjects/a-value/versions/1?permanent=true"), 404, 40407, "not deleted first");
    EXPECT_EQ(ask("DELETE", "/subjects/a-value/versions/1").body, 1);
    expect_error(ask("DELETE", "/subjects/a-value/versions/1"), 404, 40406, "was soft deleted");
    expect_error(get("/subjects/a-value/versions/1"), 404, 40402, "Version 1");
    EXPECT_EQ(get("/subjects/a-value/versions/1?deleted=true").body.at("id"), 1);
    EXPECT_EQ(get("/subjects/a-value/versions").body, json::parse("[2]"));
    EXPECT_EQ(get("/subjects/a-value/versions?deleted=True").body, json::parse("[1,2]"));
    EXPECT_EQ(get("/schemas/ids/1").status, 200) << "records outlive what is deleted";
    EXPECT_EQ(get("/schemas/ids/1/versions").body, json::array{});
    EXPECT_EQ(get("/schemas/ids/1/versions?deleted=true").body, json::parse(R"([{"subject":"a-value","version":1}])"));
    EXPECT_EQ(ask("DELETE", "/subjects/a-value").body, json::parse("[2]"));
    expect_error(ask("DELETE", "/subjects/a-value"), 404, 40404, "was soft deleted");
    EXPECT_EQ(get("/subjects").body, json::array{});
    EXPECT_EQ(get("/subjects?deleted=true").body, json::parse(R"(["a-value"])"));
    EXPECT_EQ(ask("DELETE", "/subjects/a-value?permanent=True").body, json::parse("[1,2]"));
    expect_error(ask("DELETE", "/subjects/a-value?permanent=true"), 404, 40401, "not found");
    expect_error(get("/schemas/ids/1"), 404, 40403, "not found");
}

TEST_F(RestApi, ListsInPagesAndWhatIsDeletedAlone) {
    for (const auto* subject : {"a", "b", "c", "d"}) register_schema(subject, number);
    register_schema("a", number_or_null);
    EXPECT_EQ(get("/subjects?offset=1&limit=2").body, json::parse(R"(["b","c"])"));
    EXPECT_EQ(get("/subjects?limit=0").body, json::array{});
    EXPECT_EQ(get("/subjects?offset=9").body, json::array{});
    EXPECT_EQ(get("/subjects?offset=-1&limit=-1").body, json::parse(R"(["a","b","c","d"])"));
    EXPECT_EQ(get("/subjects/a/versions?offset=1").body, json::parse("[2]"));
    EXPECT_EQ(get("/schemas/ids/1/subjects?offset=1&limit=1").body, json::parse(R"(["b"])"));
    EXPECT_EQ(get("/schemas/ids/1/versions?limit=1").body, json::parse(R"([{"subject":"a","version":1}])"));
    expect_error(get("/subjects?limit=some"), 400, 400, "limit must be a whole number, not 'some'");
    expect_error(get("/subjects/a/versions?offset=1.5"), 400, 400, "offset");

    ask("DELETE", "/subjects/a/versions/1");
    ask("DELETE", "/subjects/d");
    EXPECT_EQ(get("/subjects?deletedOnly=true").body, json::parse(R"(["d"])")) << "a has a version in use";
    EXPECT_EQ(get("/subjects/a/versions?deletedOnly=True").body, json::parse("[1]"));
    EXPECT_EQ(get("/schemas/ids/1/subjects?deletedOnly=true").body, json::parse(R"(["a","d"])"));
}

TEST_F(RestApi, SaysWhichSettingsItDoesNotKeep) {
    for (const auto* with : {R"(,"id":7)", R"(,"version":3)"}) {
        expect_error(ask("POST", "/subjects/a/versions", with_schema(number, with)), 422, 42205, "not in import mode");
    }
    expect_error(ask("PUT", "/config/a", R"({"compatibility":"FULL","alias":"b"})"), 422, 422, "\"alias\"");
    expect_error(ask("PUT", "/config", R"({"compatibility":"FULL","normalize":true})"), 422, 422, "\"normalize\"");
    EXPECT_EQ(get("/config").body, json::parse(R"({"compatibilityLevel":"BACKWARD"})"));
    EXPECT_EQ(ask("PUT", "/config", R"({"compatibility":"FULL","normalize":false,"alias":null})").status, 200);
}

TEST_F(RestApi, TakesEscapedSubjects) {
    register_schema("a%2Fb%20c", number);
    EXPECT_EQ(get("/subjects").body, json::parse(R"(["a/b c"])"));
    EXPECT_EQ(get("/subjects/a%2Fb%20c/versions/latest").body.at("subject"), "a/b c");
    EXPECT_EQ(get("/subjects?subjectPrefix=a%2F").body, json::parse(R"(["a/b c"])"));
    EXPECT_EQ(get("/subjects?subjectPrefix=b").body, json::array{});
}

TEST_F(RestApi, RefusesPathsAndMethodsInItsOwnForm) {
    EXPECT_EQ(get("/nothing/here").body, json::parse(R"({"error_code":404,"message":"HTTP 404 Not Found"})"));
    EXPECT_EQ(ask("PATCH", "/subjects").body,
              json::parse(R"({"error_code":405,"message":"HTTP 405 Method Not Allowed"})"));
    EXPECT_EQ(client_.send({"PATCH", "/subjects", {}, {}}).headers.find("Allow"), "GET, HEAD, OPTIONS");
    expect_error(ask("POST", "/subjects/a/versions", std::string((1 << 20) + 1, ' ')), 413, 413, "");
}

TEST_F(RestApi, IsAlwaysReadWrite) {
    EXPECT_EQ(ask("PUT", "/mode", R"({"mode":"READWRITE"})").body, json::parse(R"({"mode":"READWRITE"})"));
    expect_error(ask("PUT", "/mode/a?force=False", R"({"mode":"READONLY"})"), 422, 42204, "always READWRITE");
    expect_error(ask("PUT", "/mode", "{}"), 422, 42204, "missing");
    expect_error(ask("DELETE", "/mode/a"), 404, 40409, "subject-level mode");
}

TEST_F(RestApi, TakesAPathWithASlashForAll) {
    EXPECT_EQ(get("/config/").body, json::parse(R"({"compatibilityLevel":"BACKWARD"})"));
    EXPECT_EQ(ask("PUT", "/config/", R"({"compatibility":"FULL"})").status, 200);
    EXPECT_EQ(get("/config").body, json::parse(R"({"compatibilityLevel":"FULL"})"));
}

}  // namespace
}  // namespace nearline::registry
