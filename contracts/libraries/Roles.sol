// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What an operator may do for its institution
library Roles {
    uint8 internal constant GOVERN = 1;
    uint8 internal constant ISSUE = 2;
    uint8 internal constant STATUS = 4;
    uint8 internal constant ADMIN = 8;
}
