#include "runtime/health.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using nearline::Health;
using nearline::Metrics;
using testing::HasSubstr;

TEST(Health, IsReadyFromItsStartUntilItDrains) {
    Metrics metrics;
    Health health(metrics);
    EXPECT_EQ(health.readyz().status, 503);
    EXPECT_EQ(health.readyz().body, R"({"status":"starting","missing":{}})");
    health.started();
    EXPECT_EQ(health.readyz().status, 200);
    EXPECT_EQ(health.readyz().body, R"({"status":"ready","missing":{}})");
    health.draining();
    EXPECT_EQ(health.readyz().status, 503);
    EXPECT_EQ(health.readyz().body, R"({"status":"draining","missing":{}})");
    EXPECT_EQ(health.healthz().status, 200);
}

TEST(Health, DoesNotBecomeReadyAgainOnceItDrains) {
    Metrics metrics;
    Health health(metrics);
    health.draining();
    health.started();
    EXPECT_EQ(health.readyz().status, 503);
}

TEST(Health, NamesAndCountsWhatIsMissingWithoutLosingReadiness) {
    Metrics metrics;
    Health health(metrics);
    health.started();
    health.down("kafka", "no broker answers at \"localhost:9092\"");
    EXPECT_EQ(health.readyz().status, 200);
    EXPECT_EQ(health.readyz().body,
              R"({"status":"ready","missing":{"kafka":"no broker answers at \"localhost:9092\""}})");
    EXPECT_THAT(metrics.exposition(), HasSubstr("nearline_dependency_up{dependency=\"kafka\"} 0"));
    EXPECT_EQ(health.missing().size(), 1U);
    health.down("kafka", "no broker answers at \"localhost:9092\"");
    EXPECT_THAT(metrics.exposition(), HasSubstr("nearline_dependency_failures_total{dependency=\"kafka\"} 2"));
    health.up("kafka");
    EXPECT_EQ(health.readyz().body, R"({"status":"ready","missing":{}})");
    EXPECT_THAT(metrics.exposition(), HasSubstr("nearline_dependency_up{dependency=\"kafka\"} 1"));
}

TEST(Health, NamesWhatIsAwaitedFromTheFirstMomentAndWarnsOfNothing) {
    Metrics metrics;
    Health health(metrics);
    testing::internal::CaptureStderr();
    health.awaits("kafka", "start");
    EXPECT_EQ(health.readyz().body, R"({"status":"starting","missing":{"kafka":"has not answered yet"}})");
    EXPECT_THAT(metrics.exposition(), HasSubstr("nearline_dependency_up{dependency=\"kafka\"} 0"));
    health.up("kafka", "start");
    EXPECT_TRUE(health.missing().empty());
    health.awaits("kafka", "start");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");

    testing::internal::CaptureStderr();
    health.down("kafka", "no broker answers", "start");
    health.awaits("kafka", "start");
    EXPECT_EQ(health.missing().at("kafka"), "no broker answers");
    health.awaits("kafka", "another");
    EXPECT_EQ(health.missing().at("kafka"), "no broker answers");
    health.up("kafka", "another");
    health.up("kafka", "start");
    const auto log = testing::internal::GetCapturedStderr();
    EXPECT_THAT(log, HasSubstr("dependency is missing"));
    EXPECT_THAT(log, HasSubstr("dependency is back"));
}

TEST(Health, SaysTheNewestReason) {
    Metrics metrics;
    Health health(metrics);
    testing::internal::CaptureStderr();
    health.down("mysql", "connection refused");
    health.down("mysql", "access denied");
    health.down("mysql", "access denied");
    health.down("mysql", "connection refused");
    EXPECT_EQ(health.missing().at("mysql"), "connection refused");
    const auto log = testing::internal::GetCapturedStderr();
    EXPECT_THAT(log, HasSubstr("another reason\" dependency=mysql reason=\"access denied"));
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2) << "reasons that take turns are no flood\n" << log;
}

TEST(Health, OneWitnessDoesNotTakeBackWhatAnotherSays) {
    Metrics metrics;
    Health health(metrics);
    health.down("kafka", "no broker answers", "watch");
    health.down("kafka", "dead letters can't be written");
    EXPECT_EQ(health.missing().at("kafka"), "dead letters can't be written; no broker answers");
    health.up("kafka");
    EXPECT_EQ(health.missing().at("kafka"), "no broker answers");
    EXPECT_THAT(metrics.exposition(), HasSubstr("nearline_dependency_up{dependency=\"kafka\"} 0"));
    health.up("kafka", "watch");
    EXPECT_TRUE(health.missing().empty());
    EXPECT_THAT(metrics.exposition(), HasSubstr("nearline_dependency_up{dependency=\"kafka\"} 1"));
}

TEST(Health, SaysAReasonOnceThatSeveralHave) {
    Metrics metrics;
    Health health(metrics);
    health.down("kafka", "no broker answers", "gateway");
    health.down("kafka", "no broker answers", "archive");
    EXPECT_EQ(health.missing().at("kafka"), "no broker answers");
}

TEST(Health, AWaitThatIsGivenUpAtTheEndIsNoReturn) {
    Metrics metrics;
    Health health(metrics);
    health.down("kafka", "no broker answers");
    health.draining();
    testing::internal::CaptureStderr();
    health.up("kafka");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Health, LivenessFailsWhileItMakesNoProgress) {
    Metrics metrics;
    Health health(metrics);
    health.stuck("no batch for 60 s", "prediction");
    health.stuck("", "archive");
    EXPECT_EQ(health.healthz().status, 503);
    EXPECT_THAT(health.healthz().body, HasSubstr("prediction: no batch for 60 s"));
    EXPECT_THAT(metrics.exposition(), HasSubstr("nearline_stuck{part=\"prediction\"} 1"));
    EXPECT_THAT(metrics.exposition(), HasSubstr("nearline_stuck{part=\"archive\"} 0"));
    health.stuck("", "prediction");
    EXPECT_EQ(health.healthz().status, 200);
    EXPECT_THAT(metrics.exposition(), HasSubstr("nearline_stuck{part=\"prediction\"} 0"));
}
