// What mails say, and what is said of templates that are wrong.

#include "notification/templates.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace nearline::notification {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Uuid request = *Uuid::parse("0b2e9f5e-7c1d-4d53-9a3e-1f2d3c4b5a69");

MailedPrediction mailed(const std::string& prediction, const std::string& created_at = "2022-12-29 00:07:11.830677") {
    Prediction made;
    made.features = {{"sepal_length", 2.0}, {"petal_width", 1.9}};
    made.model_id = "afe4e043-4d09-4bf9-9fe8-a6d030441221";
    made.prediction = prediction;
    made.model_type = "LogisticRegressionModel";
    made.created_at = created_at;
    made.message = "Success";
    return {request, made};
}

class TemplatesTest : public ::testing::Test {
protected:
    void write(const std::string& name, const std::string& text) { std::ofstream(dir_ / name) << text; }
    Templates load() { return {dir_.path().string(), std::nullopt}; }
    std::string why() {
        try {
            load();
            return "";
        } catch (const BadTemplate& error) {
            return error.what();
        }
    }
    test::TempDir dir_;
};

TEST_F(TemplatesTest, TheBuiltInOnesSayWhatWasPredictedOfWhat) {
    const Templates templates(std::nullopt, std::nullopt);
    const Letter letter = templates.single(mailed("setosa"), "ann@example.com");
    EXPECT_EQ("Prediction: setosa", letter.subject);
    for (const auto* const part : {&letter.text, &letter.html}) {
        for (const char* const word : {"setosa", "sepal_length", "2.0", "petal_width", "1.9", "LogisticRegressionModel",
                                       "2022-12-29 00:07:11.830677", "0b2e9f5e-7c1d-4d53-9a3e-1f2d3c4b5a69",
                                       "afe4e043-4d09-4bf9-9fe8-a6d030441221", "ann@example.com"}) {
            EXPECT_THAT(*part, HasSubstr(word));
        }
        EXPECT_THAT(*part, HasSubstr("PUT /users/ann@example.com/notifications")) << "how to get no more";
        EXPECT_THAT(*part, Not(HasSubstr("{{")));
    }
    EXPECT_THAT(letter.text, HasSubstr("  sepal_length  2.0\n  petal_width   1.9\n"));
}

TEST_F(TemplatesTest, ADigestListsAll) {
    const Templates templates(std::nullopt, std::nullopt);
    const Letter letter = templates.digest(
        {mailed("setosa", "2022-12-29 00:07:11.830677"), mailed("virginica", "2022-12-28 00:00:00.000000")},
        "ann@example.com");
    EXPECT_EQ("2 predictions", letter.subject);
    for (const auto* const part : {&letter.text, &letter.html}) {
        EXPECT_THAT(*part, HasSubstr("2 predictions, from 2022-12-28 00:00:00.000000 to 2022-12-29 00:07:11.830677"));
        EXPECT_THAT(*part, HasSubstr("setosa"));
        EXPECT_THAT(*part, HasSubstr("virginica"));
        EXPECT_THAT(*part, HasSubstr("sepal_length 2.0, petal_width 1.9"));
        EXPECT_THAT(*part, HasSubstr("PUT /users/ann@example.com/notifications"));
    }
}

TEST_F(TemplatesTest, ADigestOfOneIsOfOneAndOfOneTime) {
    const Templates templates(std::nullopt, std::nullopt);
    const Letter letter = templates.digest({mailed("setosa")}, "ann@example.com");
    EXPECT_EQ("1 prediction", letter.subject);
    for (const auto* const part : {&letter.text, &letter.html}) {
        EXPECT_THAT(*part, HasSubstr("1 prediction, at 2022-12-29 00:07:11.830677 UTC:"));
    }
}

TEST_F(TemplatesTest, WhatIsHtmlInAValueIsTextInTheHtml) {
    const Templates templates(std::nullopt, std::nullopt);
    const Letter letter = templates.single(mailed("<script>\"&'</script>"), "ann@example.com");
    EXPECT_THAT(letter.html, HasSubstr("&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;"));
    EXPECT_THAT(letter.html, Not(HasSubstr("<script>")));
    EXPECT_THAT(letter.text, HasSubstr("<script>"));
    const Letter digest = templates.digest({mailed("<script>")}, "ann@example.com");
    EXPECT_THAT(digest.html, Not(HasSubstr("<script>")));
}

TEST_F(TemplatesTest, AnEndlessValueIsCutAndSaysWhereAllOfItIs) {
    const Templates templates(std::nullopt, std::nullopt);
    const std::string endless = "setosa" + std::string(800'000, 'x');
    const Letter letter = templates.single(mailed(endless), "ann@example.com");
    const Letter digest = templates.digest({mailed(endless), mailed("virginica")}, "ann@example.com");
    for (const auto* const part : {&letter.text, &letter.html, &digest.text, &digest.html}) {
        EXPECT_LT(part->size(), 10'000U);
        EXPECT_THAT(*part, HasSubstr("setosaxxx"));
        EXPECT_THAT(*part, HasSubstr("\xE2\x80\xA6 (cut from 800006 bytes; GET "
                                     "/predictions/0b2e9f5e-7c1d-4d53-9a3e-1f2d3c4b5a69 has all)"));
    }
    EXPECT_THAT(digest.text, HasSubstr("virginica"));
}

TEST_F(TemplatesTest, AValueIsNoTemplate) {
    const Templates templates(std::nullopt, std::nullopt);
    EXPECT_THAT(templates.single(mailed("{{address}}"), "ann@example.com").subject, HasSubstr("{{address}}"));
}

TEST_F(TemplatesTest, TheOperatorsReplaceTheBuiltInOnesOneByOne) {
    write("subject.txt", "Ihre Vorhersage: {{ prediction }}\n");
    write("digest-text.txt", "{{count}}!\n");
    write("README.md", "{{not a template}}");
    const Templates templates = load();
    const Letter letter = templates.single(mailed("setosa"), "ann@example.com");
    EXPECT_EQ("Ihre Vorhersage: setosa", letter.subject);
    EXPECT_THAT(letter.text, HasSubstr("Your prediction is here: setosa"));
    EXPECT_EQ("1!\n", templates.digest({mailed("setosa")}, "ann@example.com").text);
    EXPECT_EQ(
        "flag: setosa",
        Templates(dir_.path().string(), "flag: {{prediction}}").single(mailed("setosa"), "ann@example.com").subject);
}

TEST_F(TemplatesTest, WhatIsWrongIsNamedByFileAndLine) {
    write("text.txt", "one\ntwo {{predicton}}\n");
    EXPECT_THAT(why(), HasSubstr("text.txt:2: {{predicton}} is not known here; there are address, created_at"));
    write("text.txt", "one\n\n {{prediction\n");
    EXPECT_THAT(why(), HasSubstr("text.txt:3: {{ without }}"));
    write("text.txt", "fine");
    EXPECT_EQ("", why());
    write("subject.txt", "{{features}}");
    EXPECT_THAT(why(), HasSubstr("subject.txt:1: {{features}}"));
    write("subject.txt", "\r\n");
    EXPECT_THAT(why(), HasSubstr("subject.txt: is empty"));
    write("subject.txt", "caf\xe9");
    EXPECT_THAT(why(), HasSubstr("subject.txt: is no UTF-8"));
    write("subject.txt", "fine");
    write("subjct.txt", "");
    EXPECT_THAT(why(), HasSubstr("subjct.txt: is the name of no template; there are subject.txt"));
    EXPECT_THROW(Templates("/no/such/folder", std::nullopt), BadTemplate);
    EXPECT_THROW(Templates(std::nullopt, "{{what}}"), BadTemplate);
}

}  // namespace
}  // namespace nearline::notification
