// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Agreements} from "./Agreements.sol";
import {Membership} from "./Membership.sol";
import {OriginBound} from "./OriginBound.sol";
import {Periods} from "./Periods.sol";
import {Proposals} from "./Proposals.sol";
import {Votes} from "./Votes.sol";

/// @title The alliance: members, proposals, votes and agreements
contract Alliance is Votes, Agreements {
    /// @param numerator Of the fraction of members that decides.
    /// @param denominator Of that fraction.
    /// @param operators_ The contract that says who acts for whom.
    /// @param directory_ The Directory, which comes last.
    /// @param history BlockHistory of this chain.
    /// @param origin_ The hash of block 0 where BlockHistory is not written; else 0.
    /// @param names Of the periods.
    /// @param values Of the periods, in seconds.
    constructor(
        uint16 numerator,
        uint16 denominator,
        address operators_,
        address directory_,
        address history,
        bytes32 origin_,
        bytes32[] memory names,
        uint64[] memory values
    )
        OriginBound("Testamur Alliance", "1", history, origin_)
        Periods(names, values)
        Membership(numerator, denominator, operators_)
        Proposals(directory_)
    {}
}
