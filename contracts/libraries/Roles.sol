// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What an operator may do for its institution
library Roles {
    uint16 internal constant GOVERN = 1;
    uint16 internal constant ISSUE = 2;
    uint16 internal constant STATUS = 4;
    uint16 internal constant ADMIN = 8;
    uint16 internal constant REVIEW = 16;
    uint16 internal constant RECOGNISE = 32;
    uint16 internal constant AUDIT = 64;
    uint16 internal constant BANK = 128;
}
