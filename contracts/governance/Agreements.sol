// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IAgreements} from "./IAgreements.sol";
import {Membership} from "./Membership.sol";
import {OriginBound} from "./OriginBound.sol";

/// @title The agreement and its signatures
abstract contract Agreements is Membership, OriginBound {
    using SafeCast for uint256;

    bytes32 private constant AGREEMENT_SIGNATURE =
        keccak256("AgreementSignature(uint32 version,bytes32 document,uint256 deadline)");

    uint32 private _agreementCount;
    mapping(uint32 => Agreement) private _agreements; // versions count from 1
    mapping(uint32 => mapping(uint32 => bool)) private _signed;

    /// @inheritdoc IAgreements
    function adoptAgreement(bytes32 document, uint40 from) external onlySelf returns (uint32 version) {
        version = ++_agreementCount;
        _agreements[version] = Agreement(from, block.timestamp.toUint40(), document);
        emit AgreementAdopted(version, document, from);
    }

    /// @inheritdoc IAgreements
    function signAgreement(uint32 version) external {
        _sign(version, msg.sender);
    }

    /// @inheritdoc IAgreements
    function signAgreementFor(uint32 version, uint256 deadline, bytes calldata signature) external {
        require(block.timestamp <= deadline, AllianceSignatureExpired(deadline));
        bytes32 document = _agreements[version].document;
        bytes32 digest = _digest(keccak256(abi.encode(AGREEMENT_SIGNATURE, version, document, deadline)));
        _sign(version, ECDSA.recover(digest, signature));
    }

    /// @inheritdoc IAgreements
    function agreement(uint32 version) external view returns (Agreement memory) {
        return _agreements[version];
    }

    /// @inheritdoc IAgreements
    function agreementCount() external view returns (uint32) {
        return _agreementCount;
    }

    /// @inheritdoc IAgreements
    function signed(uint32 version, uint32 institution) external view returns (bool) {
        return _signed[version][institution];
    }

    function _sign(uint32 version, address account) private {
        (uint32 institution,) = _governedBy(account);
        require(version != 0 && version <= _agreementCount, AllianceUnknownAgreement(version));
        require(!_signed[version][institution], AllianceAlreadySigned(version, institution));
        _signed[version][institution] = true;
        emit AgreementSigned(version, institution, account);
    }
}
