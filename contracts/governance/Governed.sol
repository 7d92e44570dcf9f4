// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IGoverned} from "./IGoverned.sol";

/// @title A contract that only passed proposals of the Alliance change
abstract contract Governed is IGoverned {
    address private immutable _alliance;

    constructor(address alliance_) {
        _alliance = alliance_;
    }

    modifier onlyAlliance() {
        require(msg.sender == _alliance, GovernedNotAlliance(msg.sender));
        _;
    }

    /// @inheritdoc IGoverned
    function alliance() public view returns (address) {
        return _alliance;
    }
}
