# The few functions every folder declares its targets with.
find_package(PkgConfig REQUIRED)
find_package(Boost 1.83 REQUIRED COMPONENTS headers program_options json)
find_package(GTest REQUIRED)

# Flags of our own code. Warnings are errors; conversions are checked because sizes come from files and networks.
# Designated initialisers leave the other fields at their defaults on purpose, so that warning is off.
add_library(stratify_flags INTERFACE)
target_compile_options(stratify_flags INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -Wno-missing-field-initializers
  -fstack-protector-strong -D_GLIBCXX_ASSERTIONS -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
target_link_options(stratify_flags INTERFACE -Wl,--as-needed -Wl,-z,relro,-z,now)
target_include_directories(stratify_flags INTERFACE ${CMAKE_SOURCE_DIR})
if(STRATIFY_COVERAGE)
  # Threads count in the same counters: without atomic additions hits are lost, and gcov computes negative ones.
  target_compile_options(stratify_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(stratify_flags INTERFACE --coverage)
endif()
if(STRATIFY_SANITIZE)
  target_compile_options(stratify_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all)
  target_link_options(stratify_flags INTERFACE -fsanitize=address,undefined)
endif()
if(STRATIFY_FUZZ)
  target_compile_options(stratify_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined)
  target_link_options(stratify_flags INTERFACE -fsanitize=address,undefined)
endif()

# An imported target for a pkg-config module, system includes so that its headers raise no warnings. Global, because
# what links a library of ours in another folder needs it there too.
function(stratify_pkg name module)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
endfunction()

# stratify_lint(TARGET source ...): clang-tidy reads these sources together with the others of their folder, as one
# translation unit that is never compiled: headers then cost once instead of once a file. So a name in an unnamed
# namespace may stand once in a folder.
function(stratify_lint target)
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${CMAKE_SOURCE_DIR}/tests(/|$)")
    return()
  endif()
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE "/" "_" lint UnifiedSource_${folder})
  if(NOT TARGET ${lint})
    add_library(${lint} OBJECT EXCLUDE_FROM_ALL)
    # Each main is a name of its own there.
    set_target_properties(${lint} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0
      UNITY_BUILD_UNIQUE_ID STRATIFY_LINTED UNITY_BUILD_CODE_BEFORE_INCLUDE "#define main STRATIFY_LINTED"
      UNITY_BUILD_CODE_AFTER_INCLUDE "#undef main")
  endif()
  target_sources(${lint} PRIVATE ${ARGN})
  target_link_libraries(${lint} PRIVATE $<TARGET_PROPERTY:${target},LINK_LIBRARIES>)
  target_include_directories(${lint} PRIVATE $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
endfunction()

# stratify_library(NAME SOURCES a.cpp ... DEPENDS target ...): a static library of one part.
function(stratify_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ${arg_DEPENDS} PRIVATE stratify_flags)
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  stratify_lint(${name} ${arg_SOURCES})
endfunction()

# Everything that is installed on the appliance.
add_custom_target(appliance)

# stratify_program(NAME SOURCES main.cpp DEPENDS target ... [DESTINATION dir]): a program; with a destination it is
# part of the appliance and installed there, as a path below its root.
function(stratify_program name)
  cmake_parse_arguments(arg "" "DESTINATION" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} stratify_flags)
  if(arg_DESTINATION)
    install(TARGETS ${name} DESTINATION ${arg_DESTINATION} COMPONENT appliance)
    add_dependencies(appliance ${name})
  endif()
  stratify_lint(${name} ${arg_SOURCES})
endfunction()

add_custom_target(unit_tests)

# stratify_test(NAME SOURCES a_test.cpp ... DEPENDS target ...): a GoogleTest program, one ctest entry for the program.
function(stratify_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} GTest::gtest_main GTest::gmock stratify_flags)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 300)
  add_dependencies(unit_tests ${name})
endfunction()
