#include "base/csv.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"
#include "tests/support/mutations.h"

namespace apatite {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows read(std::string_view text) {
  CsvReader reader(text, "x.csv");
  Rows rows;
  while (auto row = reader.next()) rows.push_back(std::move(row->fields));
  return rows;
}

std::string refusal(std::string_view text) {
  try {
    read(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadFile);
    return error.what();
  }
  return "accepted";
}

std::string header_refusal(std::string_view text, std::string_view column = "a") {
  try {
    CsvReader reader(text, "x.csv");
    const CsvHeader header(reader);
    return "column " + std::to_string(header.require(reader, column));
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Csv, ReadsRowsAndFields) {
  EXPECT_EQ(read("a,b\n1,2\n"), (Rows{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(read("a,b\n,\n"), (Rows{{"a", "b"}, {"", ""}}));
  EXPECT_EQ(read(""), Rows{});
  EXPECT_EQ(read("a\n\n"), (Rows{{"a"}, {""}}));
  EXPECT_EQ(read("a b , c\n"), (Rows{{"a b ", " c"}}));
}

TEST(Csv, TakesCrLfAMissingLastLineEndAndAByteOrderMark) {
  EXPECT_EQ(read("a,b\r\n1,2\r\n"), (Rows{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(read("a,b\n1,2"), (Rows{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(read("\xef\xbb\xbf"
                 "a,b\n"),
            (Rows{{"a", "b"}}));
  EXPECT_EQ(read("\xef\xbb\xbf\"a\",b\n"), (Rows{{"a", "b"}}));
}

TEST(Csv, ReadsQuotedFields) {
  EXPECT_EQ(read("\"a,b\",\"c\"\"d\",\"\"\n"), (Rows{{"a,b", "c\"d", ""}}));
  EXPECT_EQ(read("\"a\r\nb\nc\",d\r\n1,2\n"), (Rows{{"a\r\nb\nc", "d"}, {"1", "2"}}));
  EXPECT_EQ(read("\"\"\"\""), (Rows{{"\""}}));
}

TEST(Csv, GivesRawFieldsWithoutACopy) {
  const std::string text = "a,\"b\"\"c\"\n,\"d,\ne\"\n";
  CsvReader reader(text, "x.csv");
  std::vector<std::string_view> fields;
  EXPECT_EQ(reader.next_raw(fields), 1);
  EXPECT_EQ(fields, (std::vector<std::string_view>{"a", "b\"\"c"}));
  EXPECT_EQ(fields[0].data(), text.data());
  EXPECT_EQ(csv_unescape(fields[1]), "b\"c");
  EXPECT_EQ(csv_escape("b\"c"), fields[1]);
  EXPECT_EQ(reader.next_raw(fields), 2);
  EXPECT_EQ(fields, (std::vector<std::string_view>{"", "d,\ne"}));
  EXPECT_EQ(reader.position(), text.size());
  EXPECT_EQ(reader.next_raw(fields), 0);
  EXPECT_TRUE(fields.empty());
}

TEST(Csv, CountsLinesAndBytes) {
  const std::string text = "a,b\n\"1\n2\",3\r\n4,5";
  CsvReader reader(text, "x.csv");
  const auto first = reader.next();
  const auto second = reader.next();
  const auto third = reader.next();
  ASSERT_TRUE(first && second && third);
  EXPECT_EQ(first->line, 1);
  EXPECT_EQ(first->end, 4U);
  EXPECT_EQ(second->line, 2);
  EXPECT_EQ(second->end, 13U);
  EXPECT_TRUE(second->terminated);
  EXPECT_EQ(third->line, 4);
  EXPECT_EQ(third->end, text.size());
  EXPECT_FALSE(third->terminated);
  EXPECT_FALSE(reader.next());
}

TEST(Csv, RefusesWhatTwoReadersCouldUnderstandDifferently) {
  EXPECT_EQ(refusal("a\n1,2\n"), "x.csv: line 2: has 2 fields, the first row has 1");
  EXPECT_EQ(refusal("a,b\n\n"), "x.csv: line 2: has 1 fields, the first row has 2");
  EXPECT_EQ(refusal("a\nb\"c\n"),
            "x.csv: line 2: a quote inside a field that is not quoted; quote a field as a whole "
            "and double the quotes inside it");
  EXPECT_EQ(refusal("\"a\"b\n"),
            "x.csv: line 1: something follows a closing quote; quote a field as a whole and "
            "double the quotes inside it");
  EXPECT_EQ(refusal("a\n\"b\nc\n"), "x.csv: line 2: a quoted field does not end; close it with \"");
  EXPECT_EQ(refusal("a\rb\n"),
            "x.csv: line 1: a carriage return that ends no line; end lines with LF or CRLF");
  EXPECT_EQ(refusal("a\r"), refusal("a\rb\n"));
  EXPECT_EQ(refusal(std::string_view("a\n\0", 3)), "x.csv: line 2: holds a NUL");
  EXPECT_EQ(refusal(std::string_view("\"\n\0\"", 4)), "x.csv: line 2: holds a NUL");
}

TEST(Csv, FindsColumnsByName) {
  EXPECT_EQ(header_refusal("b,a\n"), "column 1");
  EXPECT_EQ(header_refusal("b,c\n"), "x.csv: line 1: there is no column 'a'; the header has: b, c");
  EXPECT_EQ(header_refusal(""),
            "x.csv: line 1: the file is empty; start it with the names of the columns");
  EXPECT_EQ(header_refusal("a,,b\n"), "x.csv: line 1: column 2 of the header has no name");
  EXPECT_EQ(header_refusal("a,b,a\n"),
            "x.csv: line 1: the column 'a' is there twice; remove one of them");
}

TEST(Csv, WritesWhatItReads) {
  EXPECT_EQ(csv_line(std::vector<std::string>{"a", "b c", ""}), "a,b c,\n");
  EXPECT_EQ(csv_line(std::vector<std::string>{"a,b", "c\"d", "e\nf", "g\r"}),
            "\"a,b\",\"c\"\"d\",\"e\nf\",\"g\r\"\n");
  // Random rows of the bytes that matter come back as they were.
  constexpr std::string_view kBytes = "a,\"\r\n \xef\xbb\xbf";
  std::uint64_t counter = 0;
  const auto draw = [&](std::uint64_t below) { return random_bits(7, counter++) % below; };
  for (int round = 0; round < 2000; ++round) {
    Rows rows(1 + draw(3), std::vector<std::string>(1 + draw(3)));
    std::string text;
    for (auto& row : rows) {
      row.resize(rows[0].size());
      for (std::string& field : row) {
        for (auto length = draw(5); length > 0; --length) field += kBytes[draw(kBytes.size())];
      }
      text += csv_line(row);
    }
    ASSERT_EQ(read(text), rows) << text;
  }
}

TEST(Csv, ReadsOrRefusesAnyMutation) {
  const std::string valid = "\xef\xbb\xbfimage,label\r\n\"a,\"\"b\"\"\n.png\",x\r\nc.png,\n";
  std::size_t refused = 0;
  for_each_mutation(
      valid,
      [](const std::string& bytes) {
        std::string text;
        for (const auto& row : read(bytes)) text += csv_line(row);
        EXPECT_EQ(read(text), read(bytes));
        return text;
      },
      [&](const std::string& verdict, std::size_t, bool) {
        refused += verdict.starts_with("refused: x.csv: line ") ? 1U : 0U;
      });
  EXPECT_GT(refused, 20U);
}

}  // namespace
}  // namespace apatite
