file(READ ${INPUT} text)
file(WRITE ${OUTPUT} "#include <string_view>\nnamespace nearline::embedded_text {\nextern const std::string_view ${SYMBOL};\nconst std::string_view ${SYMBOL} = R\"NEARLINE(${text})NEARLINE\";\n}\n")
